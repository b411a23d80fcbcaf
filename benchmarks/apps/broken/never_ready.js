// A release whose start-up never ends: it never listens.
setInterval(() => {}, 1000);
