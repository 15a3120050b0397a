# Nova's shim for Ruby >= 3.0: loads one handler and calls it for the agent.
#
#   ruby --disable=gems,did_you_mean,error_highlight,rubyopt /nova/shim.rb
#
# Descriptor 3 is a stream socket to the agent; stdin is /dev/null; stdout and stderr are
# log lines. Frames both ways: 4-byte big-endian length + JSON object, `type` first, at
# most 8 MiB. 1 Init, 2 Exec, 3 Resp, 4 ready, 5 Stop, 6 Cancel (ignored), 7 Stream.
# A frame that is none ends the process with code 70 and a line on stderr.
#
# Handlers: `main.handler` (a method of the file), `main.Mod::Class.method` or
# `main.Mod.method`; as `handler(event, context)` or `handler(event:, context:)`.
# What a handler may give back
#   JSON value       Resp.output (what Ruby's own to_json makes of it: a Time is a string).
#                    With stream=true: one chunk (String as it is, everything else as JSON;
#                    nil is no chunk), then Resp with null.
#   Enumerator       (also lazy): each item is one chunk. Without stream=true the chunks
#                    are joined to one JSON string, which must be UTF-8.
#   context.write(x) is a chunk at once, before those of the result.
# With whole=true besides, a value that comes without any chunk is Resp.output all the same.
#
# With concurrency 1 calls run in the main thread, and TRACEPARENT, TRACESTATE and
# NOVA_STREAMING are in ENV for each call. With more, each call has a thread; the
# environment belongs to all of them, so there these are in `context` only.
#
# RubyGems is not loaded; a function that needs it says `require "rubygems"`. Measured by
# tests/starts.py (Ruby 3.1, 2 cores shared with builds, 200 starts, medians): spawn to ready
# 17.7 ms (77.2 with RubyGems), 9.5 MiB; Init and first call 0.7 to 1.0 ms.

require "json"

# Everything of Nova's; nothing else is defined outside of it.
module NovaShim
  FRAME_MAX = 8 * 1024 * 1024
  READ_SIZE = 64 * 1024
  PIECE_MAX = 64 * 1024
  MESSAGE_MAX = 32 * 1024
  NESTING_MAX = 1000
  FILE = File.expand_path(__FILE__)
  # Folders of the library: their frames are not the user's.
  LIBRARY = $LOAD_PATH.map { |folder| "#{folder}/" }.freeze
  # Where objects without a JSON form get their `to_json` from: it gives `"#<Object:0x..>"`.
  GENERIC_JSON = Object.instance_method(:to_json).owner

  # What the handler gave back cannot be sent.
  class ResponseError < TypeError; end
  # The chunks of a response are too long to be joined.
  class TooLarge < StandardError; end
  # The handler cannot be found.
  class LoadFailure < StandardError; end

  # ---- frames ----------------------------------------------------------------

  # The channel to the agent.
  class Channel
    def initialize(io)
      @io = io
      @lock = Mutex.new
      @data = "".b
      @pid = Process.pid
    end

    def die(why)
      $stderr.syswrite("nova: the channel to the agent is broken: #{why}\n") rescue nil
      exit!(70)
    end

    # The body of the next frame; nil when the agent closed.
    def read
      while @data.bytesize < 4
        more = receive(READ_SIZE)
        return (@data.empty? ? nil : die("it ended inside a frame")) unless more
        @data.empty? ? @data = more : @data << more
      end
      size = @data.unpack1("N")
      die("frame of #{size} bytes, allowed are 1 to #{FRAME_MAX}") unless size.between?(1, FRAME_MAX)
      while @data.bytesize < size + 4
        more = receive([size + 4 - @data.bytesize, READ_SIZE].max) || die("it ended inside a frame")
        @data << more
      end
      body = @data.byteslice(4, size)
      @data = @data.bytesize == size + 4 ? "".b : @data.byteslice(size + 4..)
      body
    end

    # Sends one frame. A forked child that returns from the handler must not answer.
    def send(body)
      exit!(0) if Process.pid != @pid
      frame = [body.bytesize].pack("N") << body.b
      @lock.synchronize do
        sent = @io.syswrite(frame)
        sent += @io.syswrite(frame.byteslice(sent..)) while sent < frame.bytesize
      end
    end

    private

    def receive(size)
      exit!(0) if Process.pid != @pid
      @io.readpartial(size)
    rescue EOFError, Errno::ECONNRESET
      nil
    end
  end

  # ---- errors of user code ---------------------------------------------------

  module_function

  # Well-formed and bounded text, which is all that the agent takes.
  def clean(text, max = MESSAGE_MAX)
    text = text.to_s.dup
    text = text.encoding == Encoding::BINARY ? text.force_encoding("UTF-8") : text.encode("UTF-8", invalid: :replace, undef: :replace)
    text = text.scrub("\uFFFD")
    text.length > max ? "#{text[0, max]} .." : text
  end

  def send_error(id, kind, type, message, stack = [], exit_code = nil)
    error = { "kind" => kind, "type" => clean(type, 200), "message" => clean(message), "stack" => stack.map { |line| clean(line, 1000) } }
    error["exit_code"] = exit_code if exit_code
    flush
    CHANNEL.send(%({"type":3,"request_id":#{JSON.generate(clean(id))},"error":#{JSON.generate(error)}}))
  end

  def flush
    $stdout.flush
    $stderr.flush
  rescue StandardError # closed or replaced by user code
    nil
  end

  def source_line(file, number)
    return "" if number < 1 || number > 100_000
    File.foreach(file).with_index(1) { |line, index| return clean(line.strip, 200) if index == number }
    ""
  rescue SystemCallError, IOError, ArgumentError
    ""
  end

  def frame_text(file, number, label)
    source = source_line(file, number)
    name = label && label[/[`'](?:block .*in )?(.*)'/, 1]
    name = name.sub(/\A<(?:top \(required\)|main)>\z/, "<module>").sub(/\AObject#/, "") if name
    "#{file}:#{number}#{" in #{name}" if name}#{": #{source}" unless source.empty?}"
  end

  # The frames of user code, innermost last; the library's and the shim's are left out.
  def user_frames(error)
    frames = (error.backtrace || []).filter_map do |line|
      file, number, label = line.match(/\A(.+?):(\d+)(?::in (.*))?\z/)&.captures
      next if file.nil? || file.start_with?(FILE, "<internal:", *LIBRARY)
      [file, number.to_i, label]
    end
    # Methods written in C are shown at the line that calls them: once is enough.
    frames = frames.reverse.chunk_while { |one, other| one[0, 2] == other[0, 2] }.map(&:first)
    return frames.map { |frame| frame_text(*frame) } if frames.size <= 40
    frames.first(10).map { |frame| frame_text(*frame) } + ["... #{frames.size - 40} frames left out ..."] +
      frames.last(30).map { |frame| frame_text(*frame) }
  end

  def describe(error)
    error.message.to_s
  rescue Exception # rubocop:disable Lint/RescueException
    "(its message cannot be printed)"
  end

  # Type, message and stack of what user code raised.
  def explain(error)
    message = describe(error)
    stack = user_frames(error)
    if error.is_a?(SyntaxError) && (found = message.match(/^(?:--> )?(\/.+?):(\d+):/))
      stack << frame_text(found[1], found[2].to_i, "in `<module>'")
    end
    if error.cause
      stack << "caused by #{error.cause.class}: #{clean(describe(error.cause), 2000)}"
      stack.concat(user_frames(error.cause).last(1))
    end
    [error.class.name || "Error", message, stack]
  end

  def answer_raised(id, error, what = "handler")
    if error.is_a?(SystemExit)
      send_error(id, "exit", "Exit", "#{what} called exit(#{error.status})", user_frames(error), error.status)
    else
      send_error(id, "error", *explain(error))
    end
  end

  # ---- results ---------------------------------------------------------------

  PLAIN = [Hash, Array, String, Symbol, Integer, Float, TrueClass, FalseClass, NilClass].to_h { |type| [type, true] }.freeze
  BINARY = "the response is binary, which JSON cannot hold; call it streaming, or base64-encode the data: [data].pack(\"m0\")"

  # JSON of what user code gave, or a ResponseError that says why there is none.
  def to_json(value)
    unless PLAIN[value.class] || value.class.instance_method(:to_json).owner != GENERIC_JSON
      raise ResponseError, "a value of type `#{value.class}` is not JSON; return Hash, Array, String, Numeric, true, false or nil"
    end
    JSON.generate(value, max_nesting: NESTING_MAX)
  rescue JSON::NestingError, SystemStackError
    raise ResponseError, "the response is nested too deeply or contains itself"
  rescue JSON::GeneratorError, EncodingError => error
    text = error.message
    text = "the response holds NaN or an infinite number, which JSON has not; use nil or a String" if text.match?(/NaN|Infinity/)
    text = BINARY if text.match?(/utf-?8|malformed|partial character|ASCII-8BIT|BINARY/i)
    raise ResponseError, text
  end

  def chunk_bytes(item)
    item.is_a?(String) ? item.b : to_json(item).b
  end

  # What a handler knows about its call, under Nova's names and those of AWS Lambda.
  class Context
    class << self
      attr_accessor :function_name, :function_version, :memory_limit_mb, :invoked_function_arn
    end

    attr_reader :request_id, :deadline_ms, :traceparent, :tracestate, :client_context

    def initialize(message)
      @request_id = message["request_id"]
      @deadline_ms = message["deadline_ms"]
      @streaming = message["stream"]
      @whole = message["whole"]
      @wrote = false
      @traceparent = message["traceparent"]
      @tracestate = message["tracestate"]
      @client_context = JSON.parse(message["client_context"]) if message["client_context"]
      @chunks = nil
      @over = false
    end

    alias aws_request_id request_id

    def function_name = Context.function_name
    def function_version = Context.function_version
    def memory_limit_mb = Context.memory_limit_mb
    def memory_limit_in_mb = Context.memory_limit_mb
    def invoked_function_arn = Context.invoked_function_arn
    def log_group_name = "/nova/functions/#{Context.function_name}"
    def log_stream_name = Context.function_version
    def streaming? = @streaming

    # Milliseconds until the call is ended, at least 0.
    def remaining_time_ms
      [(@deadline_ms - Process.clock_gettime(Process::CLOCK_REALTIME, :float_millisecond)).to_i, 0].max
    end
    alias get_remaining_time_in_millis remaining_time_ms

    # Sends a chunk: String as it is, everything else as JSON.
    def write(data)
      raise IOError, "this call is over, nothing more can be written" if @over
      NovaShim.write_chunk(self, data)
      self
    end
    alias << write

    # For the shim only.
    def nova_state = [@streaming, @chunks]
    def nova_over! = @over = true
    def nova_wrote! = @wrote = true
    # Whether what the handler returns is the result, although chunks were asked for.
    def nova_whole? = @whole && !@wrote

    def nova_keep(data)
      @chunks ||= "".b
      @chunks << data
      raise TooLarge, "the chunks of the response are longer than #{FRAME_MAX} bytes; call it streaming" if @chunks.bytesize > FRAME_MAX
    end
  end

  def write_chunk(context, item)
    data = chunk_bytes(item)
    return context.nova_keep(data) unless context.streaming?
    context.nova_wrote!
    id = JSON.generate(context.request_id)
    0.step(data.bytesize - 1, PIECE_MAX) do |start|
      piece = [data.byteslice(start, PIECE_MAX)].pack("m0")
      CHANNEL.send(%({"type":7,"request_id":#{id},"data":"#{piece}","is_last":false}))
    end
  end

  # What is to be sent as `output`.
  def finish(context, result)
    iterated = result.is_a?(Enumerator)
    result.each { |item| write_chunk(context, item) } if iterated
    streaming, chunks = context.nova_state
    return result unless streaming || chunks || iterated
    return result if context.nova_whole? && !iterated
    write_chunk(context, result) unless iterated || result.nil?
    return nil if streaming
    text = (context.nova_state[1] || "").dup.force_encoding("UTF-8")
    raise ResponseError, BINARY unless text.valid_encoding?
    text
  end

  # ---- calls -----------------------------------------------------------------

  # Runs one call and answers it.
  def call(handler, message)
    id = message["request_id"]
    context = Context.new(message)
    begin
      output = to_json(finish(context, handler.call(message["input"], context)))
    rescue TooLarge => error
      return send_error(id, "bad_response", "ResponseTooLarge", error.message)
    rescue ResponseError => error
      return send_error(id, "bad_response", "ResponseError", error.message)
    rescue Exception => error # rubocop:disable Lint/RescueException
      return answer_raised(id, error)
    ensure
      context.nova_over!
    end
    body = %({"type":3,"request_id":#{JSON.generate(id)},"output":#{output}})
    if body.bytesize > FRAME_MAX
      text = "the response is #{output.bytesize} bytes, a frame takes #{FRAME_MAX}; call it streaming"
      return send_error(id, "bad_response", "ResponseTooLarge", text)
    end
    flush
    CHANNEL.send(body)
  end

  def serve_one_by_one(handler)
    set = false
    while (message = next_message)
      if set || message["stream"] || message["traceparent"] || message["tracestate"]
        CallVariables.begin_call(message)
        set = true
      end
      call(handler, message)
    end
  end

  # A thread for each call in flight, at most `concurrency` of them.
  def serve_many(handler, concurrency)
    queue = Queue.new
    lock = Mutex.new
    threads = busy = 0
    while (message = next_message)
      more = lock.synchronize { (busy += 1) > threads && threads < concurrency }
      if more
        begin
          Thread.new do
            loop do
              call(handler, queue.pop)
              lock.synchronize { busy -= 1 }
            end
          end
          threads += 1
        rescue ThreadError => error
          if threads.zero? # else a thread that is there takes it later
            lock.synchronize { busy -= 1 }
            send_error(message["request_id"], "error", "ThreadError", error.message)
            next
          end
        end
      end
      queue << message
    end
  end

  # The next Init or Exec; nil when it is time to go.
  def next_message
    while (body = CHANNEL.read)
      begin
        text = body.force_encoding("UTF-8")
        raise EncodingError, "it is not UTF-8" unless text.valid_encoding?
        message = JSON.parse(text, max_nesting: NESTING_MAX)
        raise TypeError, "it is no object" unless message.is_a?(Hash)
        message.fetch_values("request_id", "input", "deadline_ms", "stream") if message["type"] == 2
      rescue StandardError, SystemStackError => error
        answer_unreadable(body.b, error)
        next
      end
      case message["type"]
      when 1, 2 then return message
      when 4 then CHANNEL.send('{"type":4}')
      when 5 then return nil
      when 6 then next
      else CHANNEL.die("message type #{message["type"].inspect}")
      end
    end
  end

  # An event that Ruby cannot hold fails its call; anything else ends the process.
  def answer_unreadable(body, error)
    found = body.byteslice(0, 4096).match(/\A\{"type":2,"request_id":"([^"\\]+)"/n)
    CHANNEL.die("#{error.class}: #{clean(error.message, 200)}") unless found
    nested = error.is_a?(JSON::NestingError) || error.is_a?(SystemStackError)
    text = nested ? "the event is nested too deeply (more than #{NESTING_MAX} levels)" : "the event cannot be read: #{clean(error.message, 1000)}"
    send_error(found[1], "error", "EventError", text)
  end

  # ---- variables of the call -------------------------------------------------

  # What the running call has of TRACEPARENT, TRACESTATE and NOVA_STREAMING. ENV answers
  # from here. They are written into the environment only when all of it is to be seen, by
  # user code or a child: setenv(3) of glibc keeps every value that it has not seen before
  # for ever. Only the main Ractor may write here; others read.
  module CallVariables
    NAMES = { "NOVA_STREAMING" => :@streaming, "TRACEPARENT" => :@traceparent, "TRACESTATE" => :@tracestate }.freeze
    STARTS = %i[system spawn exec ` popen getpty].freeze
    LOCALE = Encoding.find("locale")
    @streaming = @traceparent = @tracestate = nil
    # Whether the environment may have some of the names.
    @written = true
    @pty = false

    module_function

    # Before user code is loaded.
    def install
      ENV.singleton_class.prepend(Shown)
      [Kernel, Kernel.singleton_class, Process.singleton_class, IO.singleton_class].each { |owner| write_out_before(owner, STARTS) }
      [Kernel, Kernel.singleton_class].each { |owner| write_out_before(owner, [:open], "if NovaShim::CallVariables.command?(...)") }
    end

    # Not by `prepend`: libraries alias such methods, and an alias of one that is prepended calls itself.
    def write_out_before(owner, names, condition = "")
      names.each do |name|
        hidden = owner.private_method_defined?(name, false)
        next unless hidden || owner.method_defined?(name, false)
        own = :"nova_#{name}"
        owner.alias_method(own, name)
        owner.class_eval(<<~RUBY, FILE, __LINE__ + 1)
          def #{name}(...)
            NovaShim::CallVariables.write_out #{condition}
            __send__(:"#{own}", ...)
          end
        RUBY
        owner.__send__(:private, own, *(name if hidden))
      end
    end

    # Whether Kernel#open starts a process.
    def command?(name = nil, *, **) = name.is_a?(String) && name.start_with?("|")

    def begin_call(message)
      NAMES.each_key { |name| ENV.delete(name) } if @written
      @written = false
      @streaming = message["stream"] ? "true".freeze : nil
      @traceparent = message["traceparent"]&.dup&.freeze
      @tracestate = message["tracestate"]&.dup&.freeze
      return if @pty || !defined?(::PTY)
      @pty = true
      [PTY, PTY.singleton_class].each { |owner| write_out_before(owner, STARTS) }
    end

    # The value as ENV gives it; nil if the environment is to be asked.
    def [](name)
      variable = NAMES[String.try_convert(name)]
      value = variable && instance_variable_get(variable)
      value.nil? || value.encoding == LOCALE ? value : value.dup.force_encoding(LOCALE).freeze
    end

    # From now on what the environment has under this name counts.
    def forget(name)
      variable = NAMES[String.try_convert(name)]
      return false if variable.nil?
      instance_variable_set(variable, nil)
      @written = true
    rescue Ractor::IsolationError
      false
    end

    def write_out
      NAMES.each_key do |name|
        value = self[name]
        ENV[name] = value if value && forget(name)
      end
    end

    # Stands before ENV's own methods.
    module Shown
      def [](name) = CallVariables[name] || super
      def fetch(name, *) = CallVariables[name] || super

      def key?(name) = CallVariables[name] ? true : super
      alias has_key? key?
      alias include? key?
      alias member? key?

      def []=(name, value)
        super
        CallVariables.forget(name)
      end

      def store(name, value)
        super.tap { CallVariables.forget(name) }
      end

      def delete(name)
        value = CallVariables[name]
        value && CallVariables.forget(name) ? value : super
      end

      # The others look at all of the environment, or change it.
      others = ENV.singleton_methods(false) - instance_methods(false) - %i[clone dup freeze rehash to_s]
      class_eval(others.map { |name| "def #{name}(...)\nNovaShim::CallVariables.write_out\nsuper\nend\n" }.join, FILE, __LINE__)
    end
  end

  # ---- Init ------------------------------------------------------------------

  # File and, if any, constant path and method of the handler.
  def locate(init)
    code, handler = init["code_dir"], init["handler"]
    entry = init["entry"].to_s.delete_prefix("#{code}/")
    file, _, rest = handler.rpartition("/").then { |folder, slash, last| [folder + slash + last[/\A[^.]*/], ".", last[/\.(.*)\z/m, 1]] }
    if handler.start_with?("/") || handler.split("/").include?("..") || handler.match?(/\.\.|\A\.|\.\z|\A\z/)
      raise LoadFailure, "handler `#{handler}` is not of the form `file.method` or `folder/file.method`"
    end
    if rest.nil?
      return ["#{code}/#{entry}", handler] if entry.end_with?(".rb") && File.file?("#{code}/#{entry}")
      raise LoadFailure, "handler `#{handler}` names no file; write it as `file.method`, e.g. `main.#{handler}`"
    end
    # `a.b.handler` is a/b.rb too.
    words = rest.split(".")
    (words.size - 1).downto(0) do |count|
      path = "#{code}/#{[file, *words.first(count)].join("/")}.rb"
      return [path, words.drop(count).join(".")] if File.file?(path)
    end
    return ["#{code}/#{entry}", rest] if File.basename(entry, ".rb") == file && File.file?("#{code}/#{entry}")
    raise LoadFailure, "handler `#{handler}`: there is no file #{code}/#{file}.rb"
  end

  def load(init)
    code = init["code_dir"]
    (init["env"] || {}).each { |name, value| ENV[name] = value }
    begin
      Dir.chdir(code)
    rescue SystemCallError => error
      raise LoadFailure, "the code directory #{code} cannot be entered: #{error.message}"
    end
    path, name = locate(init)
    layers = (init["layers"] || []).flat_map { |layer| ["#{layer}/lib/ruby", "#{layer}/ruby/lib"] }
    paths = [code, File.dirname(path), "#{code}/lib", "#{code}/deps", "#{code}/vendor", *layers]
    $LOAD_PATH.unshift(*(paths.uniq - $LOAD_PATH).select { |folder| File.directory?(folder) })
    # Made by `bundle install --standalone`: every installed gem.
    (init["layers"] || []).map { |layer| "#{layer}/ruby/bundler/setup.rb" }
      .select { |setup| File.file?(setup) }.each { |setup| require setup }
    before = Object.private_instance_methods(false)
    require path
    own = Object.private_instance_methods(false) - before
    pick(name, own, path.delete_prefix("#{code}/"))
  end

  # `handler`, `Mod.method`, `Mod::Class.method`, `Mod::Class::method`
  def pick(name, own, shown)
    constants, _, method = name.rpartition(".")
    if constants.empty?
      owner = MAIN
      found = own.include?(method.to_sym) || MAIN.singleton_methods.include?(method.to_sym) || Object.private_method_defined?(method, false)
      unless found
        defined = own.empty? ? "it defines no method" : "it defines: #{own.first(20).join(", ")}"
        raise LoadFailure, "handler `#{name}` not found in #{shown}; #{defined}"
      end
    else
      begin
        owner = Object.const_get(constants)
      rescue NameError
        raise LoadFailure, "handler `#{name}` not found in #{shown}; it defines no `#{constants}`"
      end
      unless owner.respond_to?(method)
        defined = owner.respond_to?(:singleton_methods) ? owner.singleton_methods(false).first(20).join(", ") : ""
        raise LoadFailure, "handler `#{name}` not found in #{shown}; #{constants} defines: #{defined.empty? ? "no method of its own" : defined}"
      end
    end
    callable(owner.method(method))
  end

  # The handler as something that takes (event, context).
  def callable(method)
    keywords = method.parameters.filter_map { |kind, name| name if %i[keyreq key].include?(kind) }
    positional = method.parameters.any? { |kind, _| %i[req opt rest].include?(kind) }
    return method if positional || (keywords & %i[event context]).empty?
    return ->(event, context) { method.call(event: event, context: context) } if (%i[event context] - keywords).empty?
    return ->(event, _context) { method.call(event: event) } if keywords.include?(:event)
    ->(_event, context) { method.call(context: context) }
  end

  def initialise(init)
    Context.function_name = init["function"]
    Context.function_version = init["version"].to_s
    Context.memory_limit_mb = init["memory_mb"]
    Context.invoked_function_arn = "arn:nova:function:#{init["function"]}:#{init["version"]}"
    handler = load(init)
    flush
    CHANNEL.send('{"type":3,"request_id":"init","error":null}')
    handler
  rescue LoadFailure => error
    send_error("init", "init", "HandlerNotFound", error.message)
    nil
  rescue SystemExit => error
    send_error("init", "init", "Exit", "the file called exit(#{error.status}) while it was loaded", user_frames(error), error.status)
    nil
  rescue Exception => error # rubocop:disable Lint/RescueException
    type, message, stack = explain(error)
    send_error("init", "init", type, message, stack)
    nil
  end

  # ---- the process -----------------------------------------------------------

  def main
    CHANNEL.send('{"type":4}')
    # Now, while nobody waits: it takes a millisecond.
    CallVariables.install
    init = next_message
    exit!(0) if init.nil?
    CHANNEL.die("a call came before Init") if init["type"] != 1
    handler = initialise(init)
    if handler.nil?
      while (message = next_message)
        send_error(message["request_id"], "init", "InitError", "the function could not be loaded")
      end
    elsif init["concurrency"].to_i > 1
      serve_many(handler, [init["concurrency"], 1000].min)
    else
      serve_one_by_one(handler)
    end
    flush
    exit!(0)
  end

  MAIN = TOPLEVEL_BINDING.receiver
  CHANNEL = Channel.new(IO.for_fd(3, "r+b", autoclose: false).tap { |io| io.close_on_exec = true })
  private_constant :MAIN, :CHANNEL
end

$stdout.sync = true
$stderr.sync = true
$0 = "nova"
NovaShim.main
