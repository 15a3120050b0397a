import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit } from "@codemirror/language";
import { lintGutter, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { languageOf } from "./language";
import { editorLook } from "./theme";

export interface CodeProblem {
  line: number;
  column?: number;
  message: string;
}

interface Props {
  /** Names the document: another path is another document with its own history. */
  path: string;
  value: string;
  label: string;
  onChange?: (value: string) => void;
  onSave?: () => void;
  onRun?: () => void;
  readOnly?: boolean;
  problems?: CodeProblem[];
  /** Without line numbers, for short texts. */
  small?: boolean;
}

export default function Editor({ path, value, label, onChange, onSave, onRun, readOnly, problems, small }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const acts = useRef({ onChange, onSave, onRun });
  acts.current = { onChange, onSave, onRun };

  useEffect(() => {
    const parent = box.current;
    if (!parent) return;
    const language = new Compartment();
    const made = new EditorView({
      parent,
      state: EditorState.create({
        doc: value,
        extensions: [
          keymap.of([
            { key: "Mod-s", preventDefault: true, run: () => (acts.current.onSave?.(), true) },
            { key: "Mod-Enter", preventDefault: true, run: () => (acts.current.onRun?.(), true) },
            // Tab indents; Escape then Tab leaves the editor.
            ...(small ? [] : [indentWithTab]),
            ...closeBracketsKeymap,
            ...completionKeymap,
            ...searchKeymap,
            ...foldKeymap,
            ...historyKeymap,
            ...defaultKeymap,
          ]),
          small ? [] : [lineNumbers(), foldGutter(), lintGutter(), highlightActiveLine(), highlightActiveLineGutter()],
          history(),
          drawSelection(),
          indentOnInput(),
          bracketMatching(),
          closeBrackets(),
          autocompletion(),
          highlightSelectionMatches(),
          indentUnit.of(path.endsWith(".go") ? "\t" : path.endsWith(".py") || path.endsWith(".rs") ? "    " : "  "),
          language.of([]),
          editorLook,
          EditorState.readOnly.of(readOnly ?? false),
          EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) acts.current.onChange?.(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    let gone = false;
    void languageOf(path).then((found) => {
      if (!gone) made.dispatch({ effects: language.reconfigure(found) });
    });
    return () => {
      gone = true;
      made.destroy();
      view.current = null;
    };
    // `value` is only what the document begins with; later changes come below.
  }, [path, readOnly, small, label]);

  useEffect(() => {
    const now = view.current;
    if (now && now.state.doc.toString() !== value) {
      now.dispatch({ changes: { from: 0, to: now.state.doc.length, insert: value } });
    }
  }, [value]);

  useEffect(() => {
    const now = view.current;
    if (!now) return;
    const document = now.state.doc;
    const diagnostics: Diagnostic[] = (problems ?? [])
      .filter((one) => one.line >= 1 && one.line <= document.lines)
      .map((one) => {
        const line = document.line(one.line);
        const from = Math.min(line.to, line.from + Math.max(0, (one.column ?? 1) - 1));
        return { from: one.column ? from : line.from, to: line.to, severity: "error", message: one.message };
      });
    now.dispatch(setDiagnostics(now.state, diagnostics));
    const first = diagnostics[0];
    if (first) now.dispatch({ effects: EditorView.scrollIntoView(first.from, { y: "center" }) });
  }, [problems]);

  return <div className="editor" ref={box} />;
}
