using Scitq.Agent.Journal;

namespace Scitq.Agent.Claims;

/// <summary>How a claim was answered.</summary>
internal abstract record ClaimOutcome
{
    /// <summary>The coordinator has refused it: drop the message.</summary>
    public static readonly ClaimOutcome Refused = new Refusal();

    /// <summary>Nobody knows: give the message back.</summary>
    public static readonly ClaimOutcome Unanswered = new Silence();

    private ClaimOutcome()
    {
    }

    private sealed record Refusal : ClaimOutcome;

    private sealed record Silence : ClaimOutcome;

    /// <summary>The attempt is this worker's, and the journal has it.</summary>
    /// <param name="Attempt">The attempt.</param>
    /// <param name="Sent">The timestamp from which its lease counts; null when the lease is not valid until it is renewed.</param>
    internal sealed record Granted(JournalledAttempt Attempt, long? Sent) : ClaimOutcome;
}
