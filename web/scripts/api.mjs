// Makes the types of the API: from the document in api/, or from the one a running gateway serves.
//   node scripts/api.mjs                     types from api/openapi.json
//   node scripts/api.mjs <origin>            types from what runs there
//   node scripts/api.mjs <origin> --save     the same, and keeps the document in api/
import { readFile, writeFile, mkdir } from "node:fs/promises";
import http from "node:http";
import openapi, { astToString } from "openapi-typescript";

const KEPT = new URL("../api/openapi.json", import.meta.url);
const TYPES = new URL("../src/lib/api/schema.d.ts", import.meta.url);

// What is said to people only would change the file with every word.
const WORDS = new Set(["description", "example", "examples", "summary"]);

const [origin, save] = process.argv.slice(2);
const document = origin ? withoutWords(await fetched(origin)) : JSON.parse(await readFile(KEPT, "utf8"));
if (save === "--save") await writeFile(KEPT, `${JSON.stringify(document, null, 1)}\n`);
const tree = await openapi(JSON.stringify(document));
await mkdir(new URL(".", TYPES), { recursive: true });
await writeFile(TYPES, `// Made by scripts/api.mjs of the API's own description.\n${astToString(tree)}`);

// Node resolves no `*.localhost`; the document is the same on every host.
function fetched(origin) {
  const { host, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path: "/api/v1/openapi.json", headers: { host } };
    http.get(options, async (answer) => {
      const parts = [];
      for await (const part of answer) parts.push(part);
      if (answer.statusCode !== 200) return reject(new Error(`${origin} answered ${answer.statusCode}`));
      resolve(JSON.parse(Buffer.concat(parts).toString("utf8")));
    }).on("error", reject);
  });
}

function withoutWords(value, inProperties = false) {
  if (Array.isArray(value)) return value.map((part) => withoutWords(part));
  if (value === null || typeof value !== "object") return value;
  const kept = Object.entries(value).filter(([name]) => inProperties || !WORDS.has(name));
  return Object.fromEntries(kept.map(([name, part]) => [name, withoutWords(part, name === "properties")]));
}
