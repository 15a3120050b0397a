const { setTimeout: sleep } = require("node:timers/promises");

/** Streams one line of JSON for each number. */
exports.handler = async function* (event, context) {
  const to = Math.min(Math.max(Number(event.to ?? 5), 0), 1000);
  const delay = Math.min(Math.max(Number(event.delay_ms ?? 100), 0), 1000);
  for (let number = 1; number <= to; number++) {
    yield JSON.stringify({ number, left_ms: context.remaining_time_ms() }) + "\n";
    if (number < to) await sleep(delay);
  }
  console.log(`counted to ${to}`);
};
