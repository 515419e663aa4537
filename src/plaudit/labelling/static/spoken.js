// An answer in words.
import { letter, project, say } from "./config.js";
import { levelsOf } from "./pair.js";

/** What was said, as a part of a sentence. */
export function spoken(answer) {
  if (answer.skip !== undefined) return say("judge.said_skip");
  if (answer.all_bad) return say("judge.said_all_bad");
  if (answer.best !== undefined) return say("judge.said_best_worst", { best: letter(answer.best), worst: letter(answer.worst) });
  if (!answer.tiers) return say("judge.said_rated", { k: answer.ratings?.length ?? 0 });
  if (project.mode !== "pair") return answer.tiers.map((tier) => tier.map(letter).join(" = ")).join(" › ");
  if (answer.tiers.length === 1) return say("judge.said_tie");
  const better = { letter: letter(answer.tiers[0][0]) };
  const level = levelsOf()[(answer.strength ?? 0) - 1];
  return level ? say(`judge.said_${level}`, better) : say("judge.one_better", better);
}
