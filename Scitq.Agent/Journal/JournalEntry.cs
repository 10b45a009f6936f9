using System.Buffers;
using System.Text.Json;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Journal;

/// <summary>One line of the journal: exactly one of its members is there.</summary>
internal sealed record JournalEntry
{
    /// <summary>A start of an agent.</summary>
    public Guid? Epoch { get; init; }

    /// <summary>A start that the coordinator knows, and so the end of all before it.</summary>
    public Guid? Registered { get; init; }

    public JournalledAttempt? Granted { get; init; }

    public AttemptReport? Ended { get; init; }

    public AttemptKey? Forgotten { get; init; }

    /// <summary>The order for which the agent's program is about to be executed anew; 0 when its outcome is known.</summary>
    public long? Restarting { get; init; }

    public void AppendTo(ArrayBufferWriter<byte> lines)
    {
        using var json = new Utf8JsonWriter(lines);
        JsonSerializer.Serialize(json, this, ScitqJson.Bus);
        json.Flush();
        lines.Write("\n"u8);
    }
}
