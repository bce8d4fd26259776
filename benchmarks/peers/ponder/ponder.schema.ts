import { onchainTable } from "ponder";

export const day = onchainTable("day", (t) => ({
  id: t.text().primaryKey(),
  address: t.text().notNull(),
  logs: t.integer().notNull(),
}));
