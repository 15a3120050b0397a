// The same hello for workerd.
export default {
  async fetch(request) {
    const event = await request.json();
    return Response.json({ hello: event.name });
  },
};
