def handler(event:, context:)
  name = event.fetch("name", "world")
  puts "greeting #{name}, #{context.remaining_time_ms} ms left"
  {
    message: "#{ENV.fetch("GREETING", "Hello")}, #{name}!",
    function: context.function_name,
    version: context.function_version,
  }
end
