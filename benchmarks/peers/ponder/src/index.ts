import { ponder } from "ponder:registry";
import { day } from "ponder:schema";

const count = async ({ event, context }: any) => {
  const address = event.log.address.toLowerCase();
  const id = `${address}/${event.block.timestamp / 86_400n}`;
  await context.db
    .insert(day)
    .values({ id, address, logs: 1 })
    .onConflictDoUpdate((row: any) => ({ logs: row.logs + 1 }));
};

ponder.on("App:Used", count);
ponder.on("App:Kept", count);
