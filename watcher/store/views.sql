-- What analysts query. The names and columns here stay what they are from release to release; the tables
-- below them may change. Times are text, `YYYY-MM-DDTHH:MM:SSZ`; amounts are exact decimal text, with a
-- number beside them for sums (approximate on SQLite beyond 2^53).

-- The ledger: every final conclusion, in order.
-- finality, evidence and digests are in `entry`, the whole entry as JSON.
CREATE VIEW v_ledger AS
SELECT sequence, id, type, subject, block_number, block_hash, utc(occurred_at) AS occurred_at,
       bundle_sha256, digest, entry
FROM ledger_entry
WHERE generation = (SELECT coalesce(max(number), 1) FROM generation);

-- Milestones that were reached, each with the first block at which its condition held.
CREATE VIEW v_milestones AS
SELECT subject AS milestone, block_number, block_hash, occurred_at AS reached_at, digest
FROM v_ledger
WHERE type = 'milestone.reached';

-- What reached each app in each UTC hour that is over, of concluded blocks.
-- Actions are counted ones; actors are distinct within the hour, so they must not be summed.
CREATE VIEW v_activity_hourly AS
SELECT app, utc(hour * 3600) AS hour, actions, actor_count AS actors, failed, excluded, logs,
       gas, number(gas) AS gas_number, fee_wei, number(fee_wei) AS fee_wei_number
FROM hour;

-- What reached each contract in each UTC hour that is over, of concluded blocks.
-- An action that reached two contracts of an app counts at each of them here, and once for the app.
CREATE VIEW v_contract_hourly AS
SELECT app, address, utc(hour * 3600) AS hour, actions, failed, logs,
       gas, number(gas) AS gas_number, fee_wei, number(fee_wei) AS fee_wei_number
FROM contract_hour;

-- The same by UTC day; the day that is still running is incomplete.
CREATE VIEW v_contract_daily AS
SELECT app, address, utc(hour / 24 * 86400) AS day, sum(actions) AS actions, sum(failed) AS failed,
       sum(logs) AS logs, sum(number(gas)) AS gas_number, sum(number(fee_wei)) AS fee_wei_number
FROM contract_hour
GROUP BY app, address, hour / 24;

-- How far the chain was read and concluded: name is checkpoint, concluded, final, agreed or head; and ahead,
-- the first block of what was read at the head, while there is history between it and the checkpoint to read.
CREATE VIEW v_progress AS
SELECT 'checkpoint' AS name, number AS block_number, hash AS block_hash, utc(timestamp) AS block_time
FROM block WHERE number = (
  SELECT max(number) FROM block
  WHERE number < coalesce((SELECT number FROM chain_position WHERE name = 'ahead'), 9223372036854775807)
)
UNION ALL
SELECT 'concluded', number, hash, utc(timestamp) FROM evaluation WHERE slot = -1
UNION ALL
SELECT name, number, hash, utc(timestamp) FROM chain_position;

-- Events that were written for channels, notices too.
CREATE VIEW v_events AS
SELECT sequence, id, type, countdown, utc(occurred_at) AS occurred_at, created_at
FROM event;

-- Every event to every channel, and how it stands: pending, delivered, dead or superseded.
CREATE VIEW v_deliveries AS
SELECT delivery.sequence, delivery.channel, event.id AS event_id, event.type, utc(event.occurred_at) AS occurred_at,
       delivery.status, delivery.attempts, delivery.next_attempt_at, delivery.last_outcome
FROM delivery JOIN event ON event.sequence = delivery.event_sequence;

-- The last runs of each stage.
CREATE VIEW v_stage_runs AS
SELECT stage, started_at, finished_at, ok, error, detail
FROM stage_run;
