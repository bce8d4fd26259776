import { db } from "ponder:api";
import { day } from "ponder:schema";
import { Hono } from "hono";

const app = new Hono();
app.get("/days", async (c) => c.json(await db.select().from(day)));
export default app;
