// A release that is ready, serves, and dies half a second later.
const http = require("http");

http
  .createServer((request, response) => {
    response.end(request.url === "/whoami" ? JSON.stringify({ pid: process.pid, version: "broken" }) : "Hello!");
  })
  .listen(Number(process.env.PORT), "127.0.0.1", () => setTimeout(() => process.exit(1), 500));
