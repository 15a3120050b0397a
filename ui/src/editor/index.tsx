import { lazy } from "react";

/** The editor is big, so it comes when a page that needs it is opened. */
export const Editor = lazy(() => import("./Editor"));
export const Diff = lazy(() => import("./Diff"));
