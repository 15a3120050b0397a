"""What every shim has to do, whatever the language. Each language mixes this in with its `CODE`."""

import base64
import json
import struct
import threading
import time

from agent import FRAME_MAX, Agent, Closed


class Contract:
    """`CODE` maps a behaviour to files; `HANDLER` is `main.handler`."""

    language = None
    main = None  # name of the main file
    CODE = {}

    def agent(self, code, handler="main.handler", **fields):
        """An agent whose function is loaded."""
        agent = Agent(self.language, {self.main: self.CODE[code]})
        self.addCleanup(agent.__exit__)
        self.assertIsNone(agent.init(handler, **fields))
        return agent

    def broken(self, files, handler="main.handler", **fields):
        """The error of an Init that fails."""
        agent = Agent(self.language, files)
        self.addCleanup(agent.__exit__)
        error = agent.init(handler, **fields)
        self.assertIsNotNone(error)
        for line in error["stack"]:
            self.assertNotIn("shim.", line)
        # The sandbox answers, not hangs, when it is used all the same.
        self.assertEqual(agent.error()["type"], "InitError")
        return error

    # values

    def test_json_values_come_back_as_they_went(self):
        agent = self.agent("echo")
        values = [None, True, False, 0, -1, 1.5, 1e300, 2**53, "", "x", "\u00e9\u4e2d\U0001f600", "\x00\"\\/\n\u2028",
                  [], {}, [1, [2, [3, {}]]], {"a": {"b": [None]}, "": 1, "\u00fc": "\u00df"}]  # fmt: skip
        for value in values:
            self.assertEqual(agent.output(value), value)

    def test_lone_surrogates_in_the_event_do_no_harm(self):
        agent = self.agent("echo")
        agent.start("x")
        agent.read()
        agent.send(b'{"type":2,"request_id":"s","input":"a\\ud800b","deadline_ms":1,"timeout_ms":1,"stream":false}')
        body = agent.read_raw()
        body.decode("utf-8")
        self.assertEqual(json.loads(body)["request_id"], "s")
        self.assertEqual(agent.output(1), 1)

    def test_a_thousand_calls_are_answered_in_order(self):
        agent = self.agent("echo")
        for number in range(1000):
            self.assertEqual(agent.output({"n": number}), {"n": number})

    def test_calls_that_arrive_together_are_all_answered(self):
        agent = self.agent("echo")
        frames = b""
        for number in range(300):
            body = json.dumps({"type": 2, "request_id": "p%d" % number, "input": "x" * (number * 7),
                               "deadline_ms": 0, "timeout_ms": 1, "stream": False}, separators=(",", ":")).encode()  # fmt: skip
            frames += struct.pack(">I", len(body)) + body
        writer = threading.Thread(target=agent.send_raw, args=(frames,))
        writer.start()
        answers = {}
        for _ in range(300):
            answer = agent.read()
            answers[answer["request_id"]] = answer["output"]
        writer.join()
        self.assertEqual(answers, {"p%d" % n: "x" * (n * 7) for n in range(300)})

    def test_a_frame_may_come_byte_by_byte(self):
        agent = self.agent("echo")
        body = b'{"type":2,"request_id":"b","input":"\xc3\xa9","deadline_ms":0,"timeout_ms":1,"stream":false}'
        for byte in struct.pack(">I", len(body)) + body:
            agent.send_raw(bytes([byte]))
        self.assertEqual(agent.read()["output"], "\u00e9")

    def test_init_and_the_first_call_may_arrive_together(self):
        agent = Agent(self.language, {self.main: self.CODE["echo"]})
        self.addCleanup(agent.__exit__)
        agent.send(agent.init_message("main.handler"))
        rid = agent.start("early")
        self.assertEqual(agent.read(), {"type": 3, "request_id": "init", "error": None})
        self.assertEqual(agent.read(), {"type": 3, "request_id": rid, "output": "early"})

    def test_frames_of_almost_8_mib_pass_both_ways(self):
        agent = self.agent("echo")
        text = "x" * (FRAME_MAX - 1000)
        self.assertEqual(agent.output(text), text)

    def test_a_response_over_8_mib_is_an_error_and_the_next_call_works(self):
        agent = self.agent("big")
        error = agent.error(FRAME_MAX)
        self.assertEqual((error["type"], error["kind"]), ("ResponseTooLarge", "bad_response"))
        self.assertIn(str(FRAME_MAX), error["message"])
        self.assertEqual(len(agent.output(10)), 10)

    def test_request_ids_are_quoted(self):
        agent = self.agent("echo")
        self.assertEqual(agent.output(1, rid='a"b\\c-\u00e9'), 1)
        self.assertEqual(agent.output(1, rid="0190a3-77_x"), 1)

    # errors

    def test_an_exception_has_type_message_and_the_users_frames(self):
        agent = self.agent("raise")
        error = agent.error("boom")
        self.assertEqual(error["message"], "boom")
        self.assertIn(error["type"], ("ValueError", "RangeError", "ArgumentError"))
        frames = [line for line in error["stack"] if self.main in line]
        self.assertGreaterEqual(len(frames), 2)
        self.assertIn("inner", frames[-1])
        self.assertIn("%s/%s:%d" % (agent.code, self.main, self.raise_line), frames[-1])
        self.assertFalse([line for line in error["stack"] if "shim." in line])

    def test_messages_of_errors_are_well_formed_and_bounded(self):
        agent = self.agent("raise")
        agent.send(b'{"type":2,"request_id":"s","input":"a\\ud800b","deadline_ms":1,"timeout_ms":1,"stream":false}')
        body = agent.read_raw()
        json.loads(body)["error"]["message"].encode()  # fails if there is half a character
        self.assertLess(len(json.dumps(agent.error("x" * 1000000))), 100000)

    def test_endless_recursion_is_an_error_of_the_call(self):
        agent = self.agent("recurse")
        error = agent.error("deep")
        self.assertIn(error["type"], ("RecursionError", "RangeError", "SystemStackError"))
        self.assertLess(len(error["stack"]), 60)
        self.assertEqual(agent.output("shallow"), "ok")

    def test_a_result_that_is_not_json_says_what_to_do(self):
        agent = self.agent("bad_result")
        for kind, hint in self.bad_results.items():
            error = agent.error(kind)
            self.assertEqual((error["type"], error["kind"]), ("ResponseError", "bad_response"), kind)
            self.assertIn(hint, error["message"])
        self.assertEqual(agent.output("fine"), "fine")

    def test_a_syntax_error_shows_file_and_line(self):
        error = self.broken({self.main: self.CODE["syntax_error"]})
        self.assertEqual(error["type"], "SyntaxError")
        shown = error["message"] + "\n".join(error["stack"])
        self.assertIn("%s:%d" % (self.main, self.syntax_line), shown)

    def test_a_syntax_error_in_an_imported_file_shows_that_file(self):
        error = self.broken({self.main: self.CODE["imports_other"], self.other: self.CODE["syntax_error"]})
        shown = error["message"] + "\n".join(error["stack"])
        self.assertIn("%s:%d" % (self.other, self.syntax_line), shown)

    def test_an_exception_while_loading_shows_file_and_line(self):
        error = self.broken({self.main: self.CODE["load_error"]})
        self.assertIn("not today", error["message"])
        self.assertIn(self.main + ":2", "\n".join(error["stack"]))

    def test_a_missing_handler_lists_what_there_is(self):
        error = self.broken({self.main: self.CODE["echo"]}, "main.hundler")
        self.assertEqual(error["type"], "HandlerNotFound")
        self.assertIn("handler `hundler` not found in %s; it defines: " % self.main, error["message"])
        self.assertIn("handler", error["message"].split("it defines: ")[1])

    def test_a_missing_file_says_where_it_was_looked_for(self):
        error = self.broken({self.main: self.CODE["echo"]}, "nothere.handler")
        self.assertEqual(error["type"], "HandlerNotFound")
        self.assertIn("/code/nothere." + self.main.split(".")[1], error["message"])

    def test_handlers_that_climb_out_of_the_code_are_refused(self):
        for handler in ("../main.handler", "/etc/main.handler", "..", ".", "main..handler"):
            error = self.broken({self.main: self.CODE["echo"]}, handler)
            self.assertEqual(error["type"], "HandlerNotFound", handler)

    def test_a_bare_handler_name_is_looked_up_in_the_entry_file(self):
        agent = Agent(self.language, {"app/" + self.main: self.CODE["echo"]})
        self.addCleanup(agent.__exit__)
        self.assertIsNone(agent.init("handler", entry="app/" + self.main))
        self.assertEqual(agent.output(5), 5)

    # context

    def test_what_a_client_of_aws_sends_is_in_the_context_of_that_call_only(self):
        agent = self.agent("client_context")
        sent = json.dumps({"custom": {"who": "\u00e9"}, "env": {"locale": "de"}})
        self.assertEqual(agent.output(1, client_context=sent), {"who": "\u00e9"})
        self.assertIsNone(agent.output(1))

    def test_the_context_tells_about_the_call(self):
        agent = self.agent("context", memory_mb=256, version=7)
        seen = agent.output({}, rid="the-id", deadline_ms=time.time() * 1000 + 5000)
        self.assertEqual(seen["request_id"], "the-id")
        self.assertEqual(seen["function_name"], "probe")
        self.assertEqual(str(seen["function_version"]), "7")
        self.assertEqual(seen["memory_limit_mb"], 256)
        self.assertTrue(3000 < seen["remaining"] <= 5000, seen["remaining"])
        lambda_names = seen["lambda"]
        self.assertEqual(lambda_names["id"], "the-id")
        self.assertEqual(int(lambda_names["memory"]), 256)
        self.assertEqual(lambda_names["arn"], "arn:nova:function:probe:7")
        self.assertTrue(3000 < lambda_names["remaining"] <= 5000)

    def test_the_remaining_time_is_never_negative(self):
        self.assertEqual(self.agent("context").output({}, deadline_ms=1000.5)["remaining"], 0)

    def test_environment_and_directory_are_set(self):
        agent = self.agent("environment", env={"GREETING": "H\u00e9llo", "EMPTY": ""})
        seen = agent.output({})
        self.assertEqual(seen["env"]["GREETING"], "H\u00e9llo")
        self.assertEqual(seen["env"]["EMPTY"], "")
        self.assertEqual(seen["cwd"], agent.code)
        self.assertNotIn("TRACEPARENT", seen["env"])
        self.assertNotIn("NOVA_STREAMING", seen["env"])

    def test_trace_and_streaming_are_in_the_environment_of_their_call_only(self):
        agent = self.agent("environment")
        trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
        seen = agent.output({}, traceparent=trace, tracestate="x=y")
        self.assertEqual((seen["env"]["TRACEPARENT"], seen["env"]["TRACESTATE"]), (trace, "x=y"))
        chunks, _ = agent.stream({})
        self.assertEqual(json.loads(b"".join(chunks))["env"]["NOVA_STREAMING"], "true")
        seen = agent.output({})
        for name in ("TRACEPARENT", "TRACESTATE", "NOVA_STREAMING"):
            self.assertNotIn(name, seen["env"])

    def heap_growth(self, code):
        """Bytes that 20,000 calls leave behind, each with a trace of its own."""
        agent = self.agent(code)

        def heap_after(numbers):
            for number in numbers:
                agent.start(traceparent="00-%032x-%016x-01" % (number, number), tracestate="n=%d" % number)
                if number % 50 == 49:
                    for _ in range(50):
                        self.assertNotIn("error", agent.read())
            return agent.heap()

        # Ruby collects the first time after some 15,000 calls; Node.js 24 holds 1.1 MiB more in between.
        before = heap_after(range(20000))
        return heap_after(range(20000, 40000)) - before

    def test_memory_does_not_grow_with_the_traces_of_calls(self):
        # setenv(3) of glibc keeps every value that it has not seen before: 3.3 MiB for these calls.
        self.assertLess(self.heap_growth("echo"), 2 << 20)

    # output and descriptors

    def test_what_is_printed_is_in_the_pipe_before_the_answer(self):
        agent = self.agent("print")
        agent.output("hello \u00e9")
        self.assertEqual(agent.printed("stdout"), "out hello \u00e9\npartial")
        self.assertEqual(agent.printed("stderr"), "err hello \u00e9\n")

    def test_a_subprocess_does_not_get_the_channel(self):
        self.assertEqual(self.agent("subprocess").output({}), "closed")

    def test_user_code_sees_a_clean_standard_input(self):
        self.assertEqual(self.agent("stdin").output({}), "")

    # streaming

    def test_a_generator_is_streamed_item_by_item(self):
        chunks, answer = self.agent("generator").stream(3)
        self.assertEqual(chunks, [b"chunk 0\n", b"chunk 1\n", b"chunk 2\n", b'{"done":true}'])
        self.assertIsNone(answer["output"])

    def test_a_generator_is_joined_when_nobody_streams(self):
        self.assertEqual(self.agent("generator").output(2), 'chunk 0\nchunk 1\n{"done":true}')

    def test_bytes_are_streamed_as_they_are(self):
        chunks, answer = self.agent("binary").stream({})
        self.assertEqual(b"".join(chunks), bytes(range(256)))
        self.assertIsNone(answer["output"])

    def test_binary_chunks_cannot_be_joined_to_text(self):
        error = self.agent("binary").error({})
        self.assertEqual((error["type"], error["kind"]), ("ResponseError", "bad_response"))
        self.assertIn("base64", error["message"])

    def test_context_write_sends_at_once_and_before_the_result(self):
        agent = self.agent("writer")
        rid = agent.start({}, stream=True)
        first = agent.read()
        self.assertEqual((first["type"], base64.b64decode(first["data"])), (7, b"one "))
        second = agent.read()
        self.assertEqual(base64.b64decode(second["data"]), b"two ")
        self.assertEqual(base64.b64decode(agent.read()["data"]), b"result")
        self.assertEqual(agent.read(), {"type": 3, "request_id": rid, "output": None})
        self.assertEqual(agent.output({}), "one two result")

    def test_a_plain_result_is_one_chunk(self):
        agent = self.agent("echo")
        self.assertEqual(agent.stream("text")[0], [b"text"])
        self.assertEqual(agent.stream({"a": 1})[0], [b'{"a":1}'])
        chunks, answer = agent.stream(None)
        self.assertEqual((chunks, answer["output"]), ([], None))

    def test_long_chunks_are_split(self):
        agent = self.agent("echo")
        chunks, _ = agent.stream("x" * 200000)
        self.assertEqual(b"".join(chunks), b"x" * 200000)
        self.assertLessEqual(max(map(len, chunks)), 65536)

    def test_with_whole_a_plain_result_is_the_output_and_what_is_written_stays_chunks(self):
        agent = self.agent("echo")
        for value in [{"a": 1}, "text", None, [1]]:
            chunks, answer = agent.stream(value, whole=True)
            self.assertEqual((chunks, answer["output"]), ([], value))
        self.assertEqual(agent.stream("text")[0], [b"text"])
        chunks, answer = self.agent("generator").stream(3, whole=True)
        self.assertEqual((len(chunks), answer["output"]), (4, None))

    def test_an_exception_in_the_middle_of_a_stream_ends_it_as_an_error(self):
        agent = self.agent("broken_generator")
        chunks, answer = agent.stream({})
        self.assertEqual(chunks, [b"first"])
        self.assertEqual(answer["error"]["message"], "half way")
        self.assertNotIn("output", answer)
        self.assertEqual(agent.error({})["message"], "half way")

    def test_a_slow_reader_slows_the_function(self):
        agent = self.agent("endless")
        agent.start(4000, stream=True)
        time.sleep(0.5)
        # 4000 chunks of 16 KiB were asked for, nobody reads: it waits with what the
        # socket holds and at most a little more.
        progress = agent.printed().split()
        self.assertLess(int(progress[-1]) if progress else 0, 1000)
        total = 0
        while True:
            message = agent.read()
            if message["type"] == 3:
                break
            total += len(base64.b64decode(message["data"]))
        self.assertEqual(total, 4000 * 16384)

    def test_writing_after_the_end_of_the_call_is_refused(self):
        agent = self.agent("late_writer")
        agent.stream({})
        self.assertIn("over", agent.output({}))

    # the channel

    def test_stop_ends_quietly(self):
        agent = self.agent("echo")
        agent.send({"type": 5})
        self.assertEqual(agent.end(), 0)
        self.assertEqual(agent.said(), "")

    def test_stop_before_init_ends_quietly(self):
        agent = Agent(self.language)
        self.addCleanup(agent.__exit__)
        agent.send({"type": 5})
        self.assertEqual((agent.end(), agent.said()), (0, ""))

    def test_a_closed_channel_ends_quietly(self):
        agent = self.agent("echo")
        agent.socket.close()
        self.assertEqual((agent.end(), agent.said()), (0, ""))

    def test_ping_is_answered_and_cancel_is_ignored(self):
        agent = self.agent("echo")
        agent.send({"type": 6, "request_id": "x"})
        agent.send({"type": 4})
        self.assertEqual(agent.read(), {"type": 4})
        self.assertEqual(agent.output(1), 1)

    def dies(self, data):
        agent = self.agent("echo")
        agent.send_raw(data)
        agent.socket.shutdown(1)
        with self.assertRaises(Closed):
            agent.read()
        self.assertEqual(agent.end(), 70)
        self.assertIn("nova: the channel to the agent is broken", agent.said())

    def test_a_frame_over_8_mib_ends_the_process(self):
        self.dies(struct.pack(">I", FRAME_MAX + 1) + b"{")

    def test_an_empty_frame_ends_the_process(self):
        self.dies(struct.pack(">I", 0))

    def test_a_frame_that_is_cut_ends_the_process(self):
        self.dies(struct.pack(">I", 100) + b'{"type":2')
        self.dies(b"\x00\x00")

    def test_a_frame_that_is_no_message_ends_the_process(self):
        for body in (b"[]", b"nonsense", b"{}", b'{"type":99}', b'{"type":2}', b"\xff\xfe"):
            self.dies(struct.pack(">I", len(body)) + body)

    def test_an_event_that_is_no_utf_8_fails_its_call_only(self):
        agent = self.agent("echo")
        agent.send(b'{"type":2,"request_id":"u","input":"\xff\xfe","deadline_ms":0,"timeout_ms":1,"stream":false}')
        answer = agent.read()
        self.assertEqual(answer["request_id"], "u")
        # Node's decoder replaces what is no UTF-8; the others refuse the event.
        self.assertTrue("error" in answer or "\ufffd" in answer["output"], answer)
        self.assertEqual(agent.output(1), 1)

    def test_a_deeply_nested_event_fails_its_call_at_most(self):
        agent = self.agent("echo")
        deep = b"[" * 100000 + b"]" * 100000
        agent.send(b'{"type":2,"request_id":"d","input":' + deep + b',"deadline_ms":0,"timeout_ms":1,"stream":false}')
        self.assertEqual(agent.read()["request_id"], "d")
        self.assertEqual(agent.output(1), 1)
