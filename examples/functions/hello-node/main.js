exports.handler = async (event, context) => {
  const name = event.name ?? "world";
  console.log(`greeting ${name}, ${context.remaining_time_ms()} ms left`);
  return {
    message: `${process.env.GREETING ?? "Hello"}, ${name}!`,
    function: context.function_name,
    version: context.function_version,
  };
};
