"""The variables of a call in the environment of user code. A language mixes this in with its `CODE`."""

TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
OTHER = "00-" + "c" * 32 + "-" + "d" * 16 + "-01"


class Variables:
    """`CODE["reader"]` looks whether it has TRACEPARENT, TRACESTATE and NOVA_STREAMING and gives the first.

    `CODE["variables"]` takes a list of steps and gives what each gave:

    ["get", NAME], ["has", NAME], ["set", NAME, VALUE], ["delete", NAME], ["all"] (an object),
    ["child"] (what `env` prints, started by the language's simplest means).
    """

    def seen(self, agent, *steps, **fields):
        """What the steps give in one call; sets and deletes give null."""
        return agent.output([list(step) for step in steps], **fields)

    def child(self, printed):
        return dict(line.split("=", 1) for line in printed.splitlines() if "=" in line)

    def test_variables_of_a_call_are_read_by_name_and_all_together(self):
        agent = self.agent("variables")
        steps = [("get", "TRACEPARENT"), ("has", "TRACEPARENT"), ("get", "TRACESTATE"), ("has", "TRACESTATE"), ("all",)]
        for _ in range(2):
            one = self.seen(agent, *steps, traceparent=TRACE, tracestate="x=y")
            self.assertEqual(one[:4], [TRACE, True, "x=y", True])
            self.assertEqual((one[4]["TRACEPARENT"], one[4]["TRACESTATE"]), (TRACE, "x=y"))
            two = self.seen(agent, *steps, traceparent=OTHER)
            self.assertEqual(two[:4], [OTHER, True, None, False])
            self.assertEqual(two[4]["TRACEPARENT"], OTHER)
            self.assertNotIn("TRACESTATE", two[4])
            none = self.seen(agent, *steps)
            self.assertEqual(none[:4], [None, False, None, False])
            self.assertFalse({"TRACEPARENT", "TRACESTATE"} & set(none[4]))

    def test_a_child_has_the_variables_of_the_call_that_starts_it(self):
        agent = self.agent("variables")
        first = self.child(self.seen(agent, ("child",), traceparent=TRACE, tracestate="x=y")[0])
        self.assertEqual((first["TRACEPARENT"], first["TRACESTATE"]), (TRACE, "x=y"))
        second = self.child(self.seen(agent, ("child",), traceparent=OTHER)[0])
        self.assertEqual(second["TRACEPARENT"], OTHER)
        self.assertNotIn("TRACESTATE", second)
        self.assertNotIn("TRACEPARENT", self.child(self.seen(agent, ("child",))[0]))

    def test_what_user_code_writes_over_a_variable_of_the_call_counts_until_the_next_call(self):
        agent = self.agent("variables")
        steps = [("set", "TRACEPARENT", "mine"), ("get", "TRACEPARENT"), ("all",), ("child",)]
        _, got, everything, printed = self.seen(agent, *steps, traceparent=TRACE)
        self.assertEqual((got, everything["TRACEPARENT"], self.child(printed)["TRACEPARENT"]), ("mine",) * 3)
        self.assertEqual(self.seen(agent, ("get", "TRACEPARENT"), traceparent=OTHER), [OTHER])
        steps[0] = ("delete", "TRACEPARENT")
        _, got, everything, printed = self.seen(agent, *steps, ("has", "TRACEPARENT"), traceparent=TRACE)[:4]
        self.assertIsNone(got)
        self.assertNotIn("TRACEPARENT", everything)
        self.assertNotIn("TRACEPARENT", self.child(printed))
        self.assertEqual(self.seen(agent, ("get", "TRACEPARENT"), traceparent=OTHER), [OTHER])

    def test_what_user_code_writes_between_calls_without_variables_stays(self):
        agent = self.agent("variables")
        self.seen(agent, ("set", "TRACESTATE", "mine"))
        self.assertEqual(self.seen(agent, ("get", "TRACESTATE")), ["mine"])
        self.assertEqual(self.seen(agent, ("get", "TRACESTATE"), ("has", "TRACESTATE"), traceparent=TRACE), [None, False])

    def test_other_variables_that_user_code_writes_stay(self):
        agent = self.agent("variables")
        self.seen(agent, ("set", "MINE", "kept"), traceparent=TRACE)
        got, everything, printed = self.seen(agent, ("get", "MINE"), ("all",), ("child",), traceparent=OTHER)
        self.assertEqual((got, everything["MINE"], self.child(printed)["MINE"]), ("kept",) * 3)
        self.seen(agent, ("delete", "MINE"), traceparent=TRACE)
        got, printed = self.seen(agent, ("get", "MINE"), ("child",), traceparent=OTHER)
        self.assertIsNone(got)
        self.assertNotIn("MINE", self.child(printed))

    def test_a_variable_of_the_function_gives_way_to_that_of_a_call(self):
        agent = self.agent("variables", env={"TRACESTATE": "function"})
        self.assertEqual(self.seen(agent, ("get", "TRACESTATE")), ["function"])
        got, printed = self.seen(agent, ("get", "TRACESTATE"), ("child",), traceparent=TRACE, tracestate="call")
        self.assertEqual((got, self.child(printed)["TRACESTATE"]), ("call", "call"))
        self.assertEqual(self.seen(agent, ("get", "TRACESTATE"), traceparent=TRACE), [None])

    def test_with_more_than_one_call_at_a_time_no_variable_is_set(self):
        agent = self.agent("variables", concurrency=2)
        self.assertEqual(self.seen(agent, ("get", "TRACEPARENT"), traceparent=TRACE), [None])
        self.assertNotIn("TRACEPARENT", self.child(self.seen(agent, ("child",), traceparent=TRACE)[0]))

    def test_memory_does_not_grow_when_each_call_reads_its_trace(self):
        self.assertEqual(self.agent("reader").output(traceparent=TRACE), TRACE)
        self.assertLess(self.heap_growth("reader"), 2 << 20)
