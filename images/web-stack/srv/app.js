// The application: answers with the greeting that the migration put there.
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");

const data = JSON.parse(fs.readFileSync(path.join(process.env.DATA, "schema.json"), "utf8"));

const server = http.createServer((_request, response) => response.end(`${data.greeting}\n`));
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("listening"));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
