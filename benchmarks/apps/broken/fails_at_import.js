// A release that fails as soon as it is loaded.
throw new Error("this release does not load");
