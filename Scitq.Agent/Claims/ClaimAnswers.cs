using Microsoft.Extensions.Logging;
using Scitq.Agent.Journal;
using Scitq.Agent.Parts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Claims;

/// <summary>
/// Journals what is granted, and hands it to whoever asked. A grant that comes after its claim was given up is taken all the
/// same, for nobody else can have the attempt; the coordinator repeats it with the answers to heartbeats until one names the attempt.
/// </summary>
internal sealed partial class ClaimAnswers(
    ClaimBatcher claims, AttemptJournal journal, IGrantTaker taker, ObservedTasks tasks, TimeProvider time, ILogger<ClaimAnswers> logger)
    : IMessageHandler<ClaimsAnswered>, ICoordinatorListener
{
    private readonly Repeats _failing = new(time);

    public async Task HandleAsync(ClaimsAnswered message)
    {
        if (claims.Answered(message.Request) is not { } request) return;
        var granted = new List<(Claim? Claim, JournalledAttempt Attempt)>();
        foreach (var (claim, item) in request.Claims.Zip(message.Items))
        {
            if (Attempt(item) is { } attempt) granted.Add((claim.TrySettle() ? claim : claims.SettleAsking(item.TaskId, item.Attempt), attempt));
            else if (claim.TrySettle()) claim.Outcome.TrySetResult(ClaimOutcome.Refused);
        }

        await GrantedAsync(granted, request.Sent);
    }

    /// <summary>Takes attempts that were granted long ago and that this agent has not named since: coordinator, broker or database were away.</summary>
    public void Answered(HeartbeatAnswered answer)
    {
        if (answer.Granted.Count > 0) tasks.Run("the taking of late grants", () => ToldAsync(answer.Granted));
    }

    public Task ToldAsync(IReadOnlyList<ClaimAnswer> items) =>
        GrantedAsync([.. items.Select(i => (claims.SettleAsking(i.TaskId, i.Attempt), Attempt(i)!)).Where(g => g.Item2 is not null)], sent: null);

    private static JournalledAttempt? Attempt(ClaimAnswer item) => item is { Lease: { } lease, Spec: { } spec }
        ? new JournalledAttempt(new AttemptKey(item.TaskId, item.Attempt, lease), item.Number ?? 0, spec) { ByAnother = item.ByAnother }
        : null;

    private async Task GrantedAsync(List<(Claim? Claim, JournalledAttempt Attempt)> granted, long? sent)
    {
        // One that is held was brought by this message before: the claim wants no other place for it.
        foreach (var (claim, _) in granted.Where(g => taker.Holds(g.Attempt.Key))) claim?.Outcome.TrySetResult(ClaimOutcome.Refused);
        granted.RemoveAll(g => taker.Holds(g.Attempt.Key));
        if (granted.Count == 0) return;
        try
        {
            await journal.GrantedAsync([.. granted.Select(g => g.Attempt)]);
        }
        catch (Exception e)
        {
            foreach (var (claim, attempt) in granted)
            {
                // What is held was journalled before, and runs.
                if (!taker.Holds(attempt.Key)) journal.Forgotten(attempt.Key);
                claim?.Outcome.TrySetResult(ClaimOutcome.Unanswered);
            }

            if (e is not IOException) throw;
            if (_failing.Says(e.Message)) Log.NotJournalled(logger, e.Message);
            return;
        }

        foreach (var (claim, attempt) in granted)
        {
            var grant = new ClaimOutcome.Granted(attempt, sent);
            if (claim is not null) claim.Outcome.TrySetResult(grant);
            else taker.BeginLate(grant);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "The journal can't be written, so no task can be taken: {Problem} Free space where --work-dir is.")]
        public static partial void NotJournalled(ILogger logger, string problem);
    }
}
