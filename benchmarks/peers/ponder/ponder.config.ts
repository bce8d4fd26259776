// One contract entry with every address: a row an address and day, upserted for each log.
import { createConfig } from "ponder";
import { http } from "viem";

const event = (name: string) => ({
  type: "event",
  name,
  inputs: [
    { name: "who", type: "bytes32", indexed: true },
    { name: "first", type: "bytes32", indexed: false },
    { name: "second", type: "bytes32", indexed: false },
  ],
}) as const;

export default createConfig({
  networks: { replay: { chainId: 31337, transport: http(process.env.REPLAY_URL!) } },
  contracts: {
    App: {
      network: "replay",
      abi: [event("Used"), event("Kept")],
      address: JSON.parse(process.env.REPLAY_CONTRACTS!),
      startBlock: 1,
      endBlock: Number(process.env.REPLAY_BLOCKS),
    },
  },
});
