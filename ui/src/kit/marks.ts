/** Something that happened at one time. */
export interface Mark {
  /** Seconds since the epoch. */
  at: number;
  /** Short: it stands at the line. */
  label: string;
  /** The whole, shown when one points at it. */
  text: string;
}

/** Where the lines are drawn within the box, and which time that is. */
export interface Frame {
  left: number;
  top: number;
  width: number;
  height: number;
  from: number;
  to: number;
}

/** Labels that are nearer than that would lie on each other. */
const LABEL = 30;

/** Where marks stand; of those beside each other the newest keeps its label. */
export function placeMarks(marks: Mark[], frame: Frame): { mark: Mark; left: number; labelled: boolean }[] {
  const span = frame.to - frame.from;
  if (span <= 0) return [];
  let next = Infinity;
  return marks
    .filter((mark) => mark.at >= frame.from && mark.at <= frame.to)
    .sort((a, b) => b.at - a.at)
    .map((mark) => {
      const left = frame.left + (frame.width * (mark.at - frame.from)) / span;
      const labelled = next - left >= LABEL;
      if (labelled) next = left;
      return { mark, left, labelled };
    });
}
