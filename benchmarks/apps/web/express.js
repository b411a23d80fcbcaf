// Express with morgan, express-session and connect-redis, each as its own documentation says: `node express.js PORT`.
// One Express app for each combination, so that no request passes a route or a layer that is not its own.
const http = require("http");
const express = require("express");
const morgan = require("morgan");
const session = require("express-session");
const { RedisStore } = require("connect-redis");
const { createClient } = require("redis");

const DATA = {
  user_id: 4217,
  name: "Ada Lovelace",
  csrf_token: "Zk3uJmQxv8fYt2WnB7cRaL0eHsD5iGpo4Xy1TqK9wVE",
  locale: "en_GB",
  cart: [{ sku: "teapot-7", quantity: 1 }, { sku: "cup-12", quantity: 4 }],
  seen: "2030-01-01T12:00:00Z",
  count: 1,
};

const client = createClient({ url: process.env.REDIS_URL });
client.connect();
const sessions = session({
  store: new RedisStore({ client }),
  resave: false,
  saveUninitialized: false,
  secret: "a secret that is only good for measuring, 0123456789",
  cookie: { maxAge: 1209600000, sameSite: "lax" },
});

const bare = (request, response) => response.type("text").send("1");
const login = (request, response) => {
  Object.assign(request.session, DATA);
  response.type("text").send("1");
};
const read = (request, response) => response.type("text").send(String(request.session.count));
const write = (request, response) => {
  request.session.count += 1;
  response.type("text").send(String(request.session.count));
};

const apps = {};
function add(path, page, ...layers) {
  apps[path] = express();
  layers.forEach((layer) => apps[path].use(layer));
  apps[path].get(path, page);
}
add("/bare", bare);
add("/logged", bare, morgan("combined"));
const pages = { login, read, write };
for (const name in pages) {
  add(`/${name}`, pages[name], sessions);
  add(`/both/${name}`, pages[name], morgan("combined"), sessions);
}

http
  .createServer((request, response) => apps[request.url.split("?", 1)[0]](request, response))
  .listen(Number(process.argv[2]), "127.0.0.1");
