using Scitq.Contracts.Messages;

namespace Scitq.Agent.Logs;

/// <summary>Both streams of one attempt.</summary>
internal sealed class Tails(StreamTail[] streams, long since)
{
    public StreamTail[] Streams => streams;

    public long Since => since;

    public volatile bool Complete;

    public TaskCompletionSource AllStored { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public StreamTail Of(OutputStream stream) => streams[(int)stream];

    public CollectedOutput Collected(IReadOnlyList<OutputChunk> inline) =>
        new(streams[0].Length, streams[1].Length, inline, [.. streams.Where(t => t.Lost is not null).Select(t => Told(t.Stream, t.Lost!))]);

    private static string Told(OutputStream stream, string problem) =>
        $"some of what the command printed to {(stream == OutputStream.Stdout ? "stdout" : "stderr")} is lost: {problem}";
}
