"""The Ruby shim: the common contract, and what only Ruby has."""

import base64
import time
import unittest

from agent import Agent
from common import Contract
from variables import TRACE, Variables


class RubyContract(Contract, Variables, unittest.TestCase):
    language, main, other = "ruby", "main.rb", "other.rb"
    raise_line, syntax_line = 2, 3
    bad_results = {"bytes": "base64", "nested": "base64", "object": "`Object`", "nan": "NaN", "circular": "contains itself",
                   "struct": "`Point`"}  # fmt: skip
    CODE = {
        "echo": "def handler(event, context)\n  event\nend\ndef second(event, context) = nil\n",
        "big": "def handler(event, context) = 'x' * event\n",
        "raise": "def inner(text)\n  raise ArgumentError, text\nend\ndef handler(event, context)\n  inner(event)\nend\n",
        "recurse": "def handler(event, context)\n  event == 'deep' ? handler(event, context) + 1 : 'ok'\nend\n",
        "bad_result": """
Point = Struct.new(:x)
def handler(event, context)
  loop_ = []
  loop_ << loop_
  { "bytes" => "\\xff\\xfe".b, "nested" => { a: ["\\xff"] }, "object" => Object.new, "nan" => [Float::NAN], "circular" => loop_,
    "struct" => Point.new(1), "fine" => :fine }[event]
end
""",
        "syntax_error": "a = 1\n\nb = = 2\n",
        "imports_other": "require_relative 'other'\ndef handler(event, context) = 1\n",
        "load_error": "a = 1\nraise 'not today'\n",
        "client_context": "def handler(event, context)\n  context.client_context && context.client_context['custom']\nend\n",
        "context": """
def handler(event, context)
  { request_id: context.request_id, function_name: context.function_name, function_version: context.function_version,
    memory_limit_mb: context.memory_limit_mb, remaining: context.remaining_time_ms,
    lambda: { id: context.aws_request_id, memory: context.memory_limit_in_mb, arn: context.invoked_function_arn,
              remaining: context.get_remaining_time_in_millis, log: [context.log_group_name, context.log_stream_name] } }
end
""",
        "environment": "def handler(event, context) = { env: ENV.to_h, cwd: Dir.pwd }\n",
        "variables": """
def step(name, *rest)
  case name
  when "get" then ENV[*rest]
  when "has" then ENV.key?(*rest)
  when "set" then (ENV[rest[0]] = rest[1]) && nil
  when "delete" then ENV.delete(*rest) && nil
  when "all" then ENV.to_h
  when "child" then `env`
  end
end
def handler(event, context) = event.map { |step| step(*step) }
""",
        "print": "def handler(event, context)\n  puts \"out #{event}\"\n  warn \"err #{event}\"\n  print 'partial'\nend\n",
        "subprocess": """
def handler(event, context)
  `[ -S /proc/self/fd/3 ] && printf open || printf closed`
end
""",
        "stdin": "def handler(event, context) = $stdin.read\n",
        "generator": """
def handler(event, context)
  Enumerator.new do |out|
    event.times { |number| out << "chunk #{number}\\n" }
    out << { done: true }
  end
end
""",
        "binary": "def handler(event, context)\n  all = (0..255).to_a.pack('C*')\n  [all[0, 128], all[128..]].each\nend\n",
        "writer": "def handler(event, context)\n  context.write('one ')\n  context << 'two '\n  'result'\nend\n",
        "broken_generator": "def handler(event, context)\n  Enumerator.new { |out| out << 'first'; raise 'half way' }\nend\n",
        "endless": "def handler(event, context)\n  Enumerator.new { |out| event.times { |n| out << 'x' * 16384; puts n } }\nend\n",
        "late_writer": """
def handler(event, context)
  if $kept
    begin
      $kept.write("late")
    rescue IOError => error
      return error.message
    end
  end
  $kept = context
  nil
end
""",
    }


class RubyOnly(unittest.TestCase):
    def agent(self, files, handler="main.handler", **fields):
        if isinstance(files, str):
            files = {"main.rb": files}
        agent = Agent("ruby", files)
        self.addCleanup(agent.__exit__)
        self.assertIsNone(agent.init(handler, **fields))
        return agent

    def broken(self, code, handler="main.handler"):
        agent = Agent("ruby", {"main.rb": code})
        self.addCleanup(agent.__exit__)
        return agent.init(handler)

    def test_keyword_handlers(self):
        self.assertEqual(self.agent("def handler(event:, context:) = [event, context.request_id]").output(1, rid="k"), [1, "k"])
        self.assertEqual(self.agent("def handler(event:) = event").output(2), 2)
        self.assertEqual(self.agent("def handler(event:, context: nil, **rest) = event").output(3), 3)

    def test_methods_of_modules_and_classes(self):
        code = (
            "module Mod\n  def self.run(event, context) = \"run #{event}\"\n"
            "  class Api\n    class << self\n      def get(event:, context:) = \"get #{event}\"\n    end\n  end\nend\n"
        )
        self.assertEqual(self.agent(code, "main.Mod.run").output(1), "run 1")
        self.assertEqual(self.agent(code, "main.Mod::Api.get").output(2), "get 2")
        self.assertIn("Mod defines: run", self.broken(code, "main.Mod.nothing")["message"])
        self.assertIn("it defines no `Nope`", self.broken(code, "main.Nope.run")["message"])

    def test_handlers_in_folders(self):
        files = {"src/app.rb": "require 'helper'\ndef handler(event, context) = Helper::V\n", "src/helper.rb": "module Helper; V = 'own'; end",
                 "pkg/mod.rb": "require_relative 'sib'\ndef fn(event, context) = V\n", "pkg/sib.rb": "V = 'sib'"}  # fmt: skip
        self.assertEqual(self.agent(files, "src/app.handler").output(), "own")
        self.assertEqual(self.agent(files, "pkg/mod.fn").output(), "sib")
        self.assertEqual(self.agent(files, "pkg.mod.fn").output(), "sib")

    def test_dependencies_are_found_in_code_and_layers(self):
        agent = Agent("ruby", {"main.rb": "require 'a'\nrequire 'b'\nrequire 'c'\nrequire 'd'\ndef handler(event, context) = [A, B, C, D]\n",
                               "lib/a.rb": "A = 'lib'", "vendor/b.rb": "B = 'vendor'"})  # fmt: skip
        self.addCleanup(agent.__exit__)
        layers = [agent.root + "/layers/0", agent.root + "/layers/1"]
        agent.write("lib/ruby/c.rb", "C = 'layer'", layers[0])
        agent.write("ruby/lib/d.rb", "D = 'layer 1'", layers[1])
        self.assertIsNone(agent.init("main.handler", layers=layers))
        self.assertEqual(agent.output(), ["lib", "vendor", "layer", "layer 1"])

    def test_files_named_like_the_shim_or_the_library(self):
        for name in ("shim", "json", "set", "nova"):
            self.assertEqual(self.agent({name + ".rb": "def handler(event, context) = __FILE__.split('/').last"}, name + ".handler").output(), name + ".rb")

    def test_standard_library_and_rubygems_can_be_required(self):
        agent = self.agent("require 'set'\nrequire 'time'\nrequire 'rubygems'\ndef handler(event, context) = [Set.new([1]).size, Gem::VERSION.class]\n")
        self.assertEqual(agent.output(), [1, "String"])

    def test_exits_and_odd_exceptions_are_errors_of_the_call(self):
        agent = self.agent(
            "def handler(event, context)\n"
            "  exit(3) if event == 'exit'\n  abort if event == 'abort'\n  raise Interrupt if event == 'interrupt'\n"
            "  raise NotImplementedError, 'later' if event == 'script'\n  raise Exception, 'odd' if event == 'exception'\n"
            "  throw :nothing if event == 'throw'\n  'alive'\nend\n"
        )
        error = agent.error("exit")
        self.assertEqual((error["type"], error["message"], error["exit_code"]), ("Exit", "handler called exit(3)", 3))
        self.assertEqual(agent.error("abort")["exit_code"], 1)
        for event, name in (("interrupt", "Interrupt"), ("script", "NotImplementedError"), ("exception", "Exception"),
                            ("throw", "UncaughtThrowError")):  # fmt: skip
            self.assertEqual(agent.error(event)["type"], name)
        self.assertEqual(agent.output(), "alive")

    def test_exit_while_loading(self):
        error = self.broken("exit 4\n")
        self.assertEqual((error["type"], error["exit_code"]), ("Exit", 4))

    def test_a_missing_require_is_named(self):
        error = self.broken("require 'nonsense_library'\n")
        self.assertEqual(error["type"], "LoadError")
        self.assertIn("nonsense_library", error["message"])
        self.assertTrue(error["stack"][-1].endswith("main.rb:1 in <module>: require 'nonsense_library'"), error["stack"])

    def test_causes_are_shown(self):
        agent = self.agent("def handler(event, context)\n  begin\n    {}.fetch(:k)\n  rescue KeyError\n    raise 'outer'\n  end\nend\n")
        stack = agent.error()["stack"]
        self.assertIn("caused by KeyError: key not found: :k", stack)
        self.assertIn("main.rb:3", stack[-1])

    def test_lazy_enumerators_are_streamed_arrays_are_not(self):
        agent = self.agent("def handler(event, context) = event ? (1..2).lazy.map(&:to_s) : [1, 2]\n")
        self.assertEqual(agent.stream(True)[0], [b"1", b"2"])
        self.assertEqual(agent.stream(False)[0], [b"[1,2]"])
        self.assertEqual(agent.output(False), [1, 2])

    def test_collected_chunks_are_bounded(self):
        agent = self.agent("def handler(event, context) = Enumerator.new { |out| loop { out << 'x' * 1_000_000 } }\n")
        self.assertEqual(agent.error()["type"], "ResponseTooLarge")

    def test_a_chunk_is_sent_when_it_is_yielded(self):
        agent = self.agent("def handler(event, context) = Enumerator.new { |out| out << Time.now.to_f.to_s; sleep 0.3 }\n")
        agent.start(stream=True)
        sent = float(base64.b64decode(agent.read()["data"]))
        self.assertLess(time.time() - sent, 0.1)

    def test_a_forked_child_cannot_answer_for_its_parent(self):
        agent = self.agent("def handler(event, context)\n  pid = fork\n  Process.wait(pid) if pid\n  !pid.nil?\nend\n")
        self.assertIs(agent.output(), True)
        self.assertIs(agent.output(), True)

    def test_calls_run_at_the_same_time(self):
        agent = self.agent(
            "LOCK = Mutex.new\nALL = ConditionVariable.new\n$count = 0\n"
            "def handler(event, context)\n"
            "  LOCK.synchronize { $count += 1; ALL.broadcast; ALL.wait(LOCK, 5) until $count >= 4 }\n"
            "  [event, context.request_id]\nend\n",
            concurrency=4,
        )
        ids = [agent.start(n) for n in range(8)]
        answers = [agent.read() for _ in ids]
        self.assertEqual({a["request_id"]: a["output"] for a in answers}, {i: [n, i] for n, i in enumerate(ids)})

    def test_an_error_in_one_concurrent_call_is_its_own(self):
        agent = self.agent("def handler(event, context) = event ? exit(1) : 'ok'\n", concurrency=4)
        for _ in range(20):
            self.assertEqual(agent.error(True)["type"], "Exit")
            self.assertEqual(agent.output(False), "ok")

    def test_the_shim_is_not_in_sight(self):
        agent = self.agent("def handler(event, context) = [__FILE__ == $0, ARGV, Object.private_instance_methods(false).grep(/nova|frame|shim/)]\n")
        self.assertEqual(agent.output(), [False, [], []])


if __name__ == "__main__":
    unittest.main()
