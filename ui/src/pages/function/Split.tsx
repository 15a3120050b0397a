import { useRef, useState, type ReactNode } from "react";
import { useT } from "../../i18n";
import { keep, readKept } from "../../lib/store";

const KEY = "nova.split";
const clamp = (share: number) => Math.min(78, Math.max(28, share));

/** Two sides with a bar between them that can be moved, by keyboard too. */
export function Split({ left, right }: { left: ReactNode; right: ReactNode }) {
  const t = useT();
  const box = useRef<HTMLDivElement>(null);
  const [share, setShare] = useState(() => clamp(Number(readKept(KEY, 55)) || 55));
  const move = (next: number) => {
    setShare(clamp(next));
    keep(KEY, clamp(next));
  };
  return (
    <div className="work" ref={box} style={{ ["--split" as string]: `${share}%` }}>
      {left}
      <div
        className="work-split"
        role="separator"
        tabIndex={0}
        aria-orientation="vertical"
        aria-label={t("code.split")}
        aria-valuenow={Math.round(share)}
        aria-valuemin={28}
        aria-valuemax={78}
        onKeyDown={(event) => {
          if (event.key === "ArrowLeft") move(share - 2);
          if (event.key === "ArrowRight") move(share + 2);
        }}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={(event) => {
          const bounds = box.current?.getBoundingClientRect();
          if (bounds && event.currentTarget.hasPointerCapture(event.pointerId)) move((100 * (event.clientX - bounds.left)) / bounds.width);
        }}
      />
      {right}
    </div>
  );
}
