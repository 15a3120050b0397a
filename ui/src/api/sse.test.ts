import { expect, it } from "vitest";
import { EventParser, fromBase64 } from "./sse";

it("gives events when they are whole, wherever the text was cut", () => {
  const text = 'id: 7\ndata: {"a":1}\n\n:\n\nevent: done\r\ndata: x\r\ndata: y\r\n\r\ndata: unfinished';
  for (let size = 1; size < text.length; size += 1) {
    const parser = new EventParser();
    const found = [];
    for (let at = 0; at < text.length; at += size) found.push(...parser.push(text.slice(at, at + size)));
    expect(found, `cut every ${size}`).toEqual([
      { event: "message", data: '{"a":1}', id: "7" },
      { event: "done", data: "x\ny", id: "7" },
    ]);
  }
});

it("reads base64 as bytes", () => expect([...fromBase64("4oKs")]).toEqual([0xe2, 0x82, 0xac]));
