// A release that loads and then fails while it starts.
setTimeout(() => {
  console.error("this release does not start");
  process.exit(1);
}, 100);
