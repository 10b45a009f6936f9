using System.Diagnostics.CodeAnalysis;
using System.Net.Mime;
using System.Runtime.Serialization;
using System.Text.Json;
using MassTransit;
using MassTransit.Serialization;
using Scitq.Contracts;

namespace Scitq.Coordinator.Bus;

/// <summary>
/// Every message on the bus is its record as plain camelCase JSON, nothing around it, so that any language can read and
/// write it. The type travels in the header <c>MT-MessageType</c>; a message without it is taken for the default type of
/// the queue it arrived on. Straight from and to UTF-8: MassTransit's own raw JSON goes through a DOM and adds headers
/// about the host to each message, which costs a third of the time on the hot path.
/// </summary>
internal sealed class PlainJson(Func<ReadOnlyMemory<byte>, Type>? defaultType) : ISerializerFactory, IMessageSerializer, IMessageDeserializer
{
    private static readonly ContentType Json = new("application/json");

    public ContentType ContentType => Json;

    public IMessageSerializer CreateSerializer() => this;

    public IMessageDeserializer CreateDeserializer() => this;

    public MessageBody GetMessageBody<T>(SendContext<T> context)
        where T : class
    {
        context.Headers.Set(MessageHeaders.MessageType, MessageUrn.ForTypeString<T>());
        return new BytesMessageBody(JsonSerializer.SerializeToUtf8Bytes(context.Message, ScitqJson.Bus));
    }

    public ConsumeContext Deserialize(ReceiveContext receiveContext) =>
        new BodyConsumeContext(receiveContext, Deserialize(receiveContext.Body, receiveContext.TransportHeaders, receiveContext.InputAddress));

    public SerializerContext Deserialize(MessageBody body, Headers headers, Uri? destinationAddress = null)
    {
        var bytes = body.GetBytes();
        var types = headers.GetMessageTypes();
        if (types is [])
        {
            if (defaultType is null) throw new SerializationException("A message without the header MT-MessageType came to a queue that has no default type.");
            types = [MessageUrn.ForTypeString(defaultType(bytes))];
        }

        return new Context(this, bytes, new RawMessageContext(headers, destinationAddress, RawSerializerOptions.AddTransportHeaders), types);
    }

    public MessageBody GetMessageBody(string text) => new StringMessageBody(text);

    public void Probe(ProbeContext context) => context.CreateScope("plainJson");

    /// <summary>Whether the JSON object has this member, read without building anything.</summary>
    public static bool HasMember(ReadOnlyMemory<byte> json, string name)
    {
        try
        {
            var reader = new Utf8JsonReader(json.Span);
            while (reader.Read())
                if (reader.CurrentDepth == 1 && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals(name)) return true;
        }
        catch (JsonException)
        {
            // Not JSON: whatever type is assumed, reading it will fail and say so.
        }

        return false;
    }

    private sealed class Context(PlainJson owner, byte[] body, MessageContext message, string[] types)
        : SystemTextJsonRawSerializerContext(
            SystemTextJsonMessageSerializer.Instance, ScitqJson.Bus, Json, message, types, RawSerializerOptions.AddTransportHeaders, default)
    {
        public override bool TryGetMessage<T>(out T? result)
            where T : class
        {
            result = IsSupportedMessageType<T>() ? JsonSerializer.Deserialize<T>(body, ScitqJson.Bus) : null;
            return result is not null;
        }

        public override bool TryGetMessage(Type messageType, [NotNullWhen(true)] out object? result)
        {
            result = JsonSerializer.Deserialize(body, messageType, ScitqJson.Bus);
            return result is not null;
        }

        public override IMessageSerializer GetMessageSerializer() => new Same(body);

        public override IMessageSerializer GetMessageSerializer(object message, string[] messageTypes) => owner;

        public override IMessageSerializer GetMessageSerializer<T>(MessageEnvelope envelope, T message) => owner;
    }

    /// <summary>For a message that is passed on (to an error queue): the bytes it came in.</summary>
    private sealed class Same(byte[] body) : IMessageSerializer
    {
        public ContentType ContentType => Json;

        public MessageBody GetMessageBody<T>(SendContext<T> context)
            where T : class => new BytesMessageBody(body);
    }
}
