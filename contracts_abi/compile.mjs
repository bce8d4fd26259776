// Compiles sources/*.sol into one JSON a contract beside this file. Not part of the build: the JSON is committed.
//
//   npm install --prefix DIRECTORY solc@0.8.36
//   NODE_PATH=DIRECTORY/node_modules node contracts_abi/compile.mjs
//
// The same compiler and settings write the same bytes: no metadata goes into the bytecode.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

// createRequire, because an import statement does not look at NODE_PATH.
const solc = createRequire(import.meta.url)("solc");
const WANTED = "0.8.36";
if (!solc.version().startsWith(`${WANTED}+`)) {
  throw new Error(`solc is ${solc.version()}, not ${WANTED}: npm install solc@${WANTED}`);
}

const here = dirname(fileURLToPath(import.meta.url));
const names = readdirSync(join(here, "sources")).filter((name) => name.endsWith(".sol")).sort();
const texts = Object.fromEntries(names.map((name) => [name, readFileSync(join(here, "sources", name), "utf8")]));

const settings = {
  evmVersion: "cancun",
  optimizer: { enabled: true, runs: 200 },
  metadata: { appendCBOR: false, bytecodeHash: "none" },
};
const output = JSON.parse(
  solc.compile(
    JSON.stringify({
      language: "Solidity",
      sources: Object.fromEntries(names.map((name) => [name, { content: texts[name] }])),
      settings: {
        ...settings,
        outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } },
      },
    }),
  ),
);
for (const problem of output.errors ?? []) console.error(problem.formattedMessage);
if (output.errors?.length) process.exit(1); // a warning stops it too

for (const name of names) {
  const contractName = basename(name, ".sol");
  const { abi, evm } = output.contracts[name][contractName];
  if (evm.bytecode.object === "") continue; // abstract
  const artifact = {
    contractName,
    abi,
    bytecode: `0x${evm.bytecode.object}`,
    deployedBytecode: `0x${evm.deployedBytecode.object}`,
    source: `sources/${name}`,
    sourceSha256: createHash("sha256").update(texts[name]).digest("hex"),
    compiler: { name: "solc", version: solc.version(), settings },
  };
  writeFileSync(join(here, `${contractName}.json`), `${JSON.stringify(artifact, null, 2)}\n`);
}
