import type { ButtonHTMLAttributes, ReactNode } from "react";
import { Tooltip } from "radix-ui";

type Kind = "primary" | "danger" | "plain";

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: Kind;
  size?: "small";
  ref?: React.Ref<HTMLButtonElement>;
}

export function Button({ kind, size, type = "button", ...rest }: Props) {
  return <button type={type} className="btn" data-kind={kind} data-size={size} {...rest} />;
}

/** A button that is only an icon; its name is read out and shown on hover. */
export function IconButton({ label, children, kind = "plain", ...rest }: Props & { label: string; children: ReactNode }) {
  return (
    <Tip text={label}>
      <Button kind={kind} data-icon="" aria-label={label} {...rest}>
        {children}
      </Button>
    </Tip>
  );
}

export function Tip({ text, children, side }: { text: string; children: ReactNode; side?: "right" | "bottom" | "top" }) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content className="tip" sideOffset={6} side={side} collisionPadding={8}>
          {text}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
