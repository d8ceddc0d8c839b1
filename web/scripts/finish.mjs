// After the build: every file once more in smaller forms, and the budgets of what a visitor downloads.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const DIST = new URL("../dist/", import.meta.url);
const TEXT = /\.(js|css|html|svg|json)$/;

// Kilobytes (1,000 bytes) after gzip -9.
const FIRST_ROUTE = 200;
const LAZY_ROUTE = 60;
const STYLE = 15;

const sizes = new Map();
for (const name of await readdir(DIST, { recursive: true })) {
  if (!TEXT.test(name)) continue;
  const url = new URL(name, DIST);
  const bytes = await readFile(url);
  const gzip = gzipSync(bytes, { level: 9 });
  sizes.set(name, gzip.length / 1000);
  await writeFile(new URL(`${name}.gz`, DIST), gzip);
  await writeFile(new URL(`${name}.br`, DIST), brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY },
  }));
}

const manifest = JSON.parse(await readFile(new URL(".vite/manifest.json", DIST), "utf8"));
const faults = [];
const within = (what, kilobytes, budget) => {
  console.log(`${what.padEnd(44)} ${kilobytes.toFixed(1).padStart(7)} kB of ${budget}`);
  if (kilobytes > budget) faults.push(what);
};

// All that a chunk needs before it runs.
function needed(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const next of manifest[key].imports ?? []) needed(next, seen);
  return seen;
}
const sum = (keys) => [...keys].reduce((all, key) => all + sizes.get(manifest[key].file), 0);

// It asks for what the organization's pages begin with, and is no page of its own.
const EARLY = "src/early.ts";

for (const entry of Object.keys(manifest).filter((key) => manifest[key].isEntry && key !== EARLY)) {
  const first = needed(entry);
  if (entry === "index.html") needed(EARLY, first);
  within(`${entry}: script before the first screen`, sum(first), FIRST_ROUTE);
  const styles = new Set([...first].flatMap((key) => manifest[key].css ?? []));
  within(`${entry}: style`, [...styles].reduce((all, file) => all + sizes.get(file), 0), STYLE);
  for (const key of Object.keys(manifest).filter((key) => manifest[key].isDynamicEntry)) {
    if (!reachable(entry).has(key)) continue;
    const more = [...needed(key)].filter((part) => !first.has(part));
    within(`  ${key}`, sum(more), LAZY_ROUTE);
  }
}

function reachable(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const next of [...(manifest[key].imports ?? []), ...(manifest[key].dynamicImports ?? [])]) reachable(next, seen);
  return seen;
}

if (faults.length) {
  console.error(`over the budget: ${faults.join(", ")}`);
  process.exit(1);
}
