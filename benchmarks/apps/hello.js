// A bare Node server, unmodified: no shutdown code, no readiness message.
const http = require("http");

const server = http.createServer((request, response) => {
  if (request.url === "/whoami") {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ pid: process.pid, version: "good" }));
    return;
  }
  response.end("Hello, world!");
});

server.listen(Number(process.env.PORT), "127.0.0.1");
