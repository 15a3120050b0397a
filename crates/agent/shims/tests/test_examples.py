"""The examples do what they say, each with its own event, through the shims or as programs."""

import json
import os
import re
import subprocess
import tempfile
import unittest

from agent import SHIMS, Agent, interpreter

FOLDER = os.path.normpath(os.path.join(SHIMS, "../../../examples/functions"))


def read(example, name):
    with open(os.path.join(FOLDER, example, name), encoding="utf-8") as file:
        return file.read()


class Examples(unittest.TestCase):
    def agent(self, example, language):
        files = {name: read(example, name) for name in os.listdir(os.path.join(FOLDER, example)) if name.startswith("main.")}
        agent = Agent(language, files)
        self.addCleanup(agent.__exit__)
        self.assertIsNone(agent.init("main.handler", env={"GREETING": "Good day"}))
        return agent, json.loads(read(example, "event.json"))

    def run_program(self, argv, event):
        result = subprocess.run(argv, input=event.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env={"GREETING": "Good day", "PATH": "/usr/bin:/bin"}, timeout=60)  # fmt: skip
        return result.returncode, result.stdout.decode()

    def test_hello_in_every_interpreted_language(self):
        for language in ("python", "node", "ruby"):
            agent, event = self.agent("hello-" + language, language)
            output = agent.output(event)
            self.assertEqual(output["message"], "Good day, Nova!")
            self.assertEqual((output["function"], str(output["version"])), ("probe", "3"))
            self.assertIn("greeting Nova", agent.printed())
            self.assertEqual(agent.output({})["message"], "Good day, world!")

    def test_llm_chat_streams_tokens(self):
        agent, event = self.agent("llm-chat", "python")
        chunks, answer = agent.stream(event)
        self.assertGreater(len(chunks), 20)
        self.assertIn(b"qubits", b"".join(chunks))
        self.assertIsNone(answer["output"])
        self.assertEqual(agent.error({})["type"], "ValueError")

    def test_count_node_streams_lines(self):
        agent, event = self.agent("count-node", "node")
        chunks, _ = agent.stream({"to": 3, "delay_ms": 1})
        self.assertEqual([json.loads(chunk)["number"] for chunk in chunks], [1, 2, 3])
        self.assertEqual(agent.output({"to": 0}), "")

    def test_stream_py_prints_chunk_by_chunk(self):
        code, output = self.run_program([interpreter("NOVA_TEST_PYTHON", "/usr/bin/python3", "python3"), os.path.join(FOLDER, "stream/stream.py")], "{}")
        self.assertEqual(code, 0)
        self.assertEqual(output, "".join("Chunk %d\n" % n for n in range(10)) + '{"status": "complete"}\n')

    def test_hello_in_go_and_rust(self):
        with tempfile.TemporaryDirectory() as folder:
            builds = {
                "hello-go": [interpreter("NOVA_TEST_GO", "/usr/bin/go", "/usr/local/go/bin/go", "go"), "build", "-o", folder + "/hello-go", "main.go"],
                "hello-rust": [interpreter("NOVA_TEST_RUSTC", "rustc"), "--edition", "2021", "-o", folder + "/hello-rust", "main.rs"],
            }
            for example, argv in builds.items():
                subprocess.run(argv, cwd=os.path.join(FOLDER, example), check=True, env={**os.environ, "GO111MODULE": "off"}, timeout=300)
                program = [os.path.join(folder, example)]
                for event, message in {read(example, "event.json"): "Good day, Nova!", "{}": "Good day, world!",
                                       '{"name":"\\u00e9 \\"x\\""}': 'Good day, \u00e9 "x"!'}.items():  # fmt: skip
                    code, output = self.run_program(program, event)
                    self.assertEqual((code, json.loads(output)), (0, {"message": message}), example)
                for event in ("[]", "{", '{"name"', ""):
                    self.assertEqual(self.run_program(program, event)[0], 1, (example, event))

    def test_every_example_has_a_name_of_its_own_and_an_event(self):
        names = set()
        for example in sorted(os.listdir(FOLDER)):
            name = re.search(r"^name: ([a-z][a-z0-9-]*)$", read(example, "nova.yaml"), re.M).group(1)
            self.assertNotIn(name, names)
            names.add(name)
            json.loads(read(example, "event.json"))
        self.assertIn("stream-test", names)


if __name__ == "__main__":
    unittest.main()
