using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Bus;
using Scitq.Agent.Journal;
using Scitq.Agent.Logs;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Claims;

/// <summary>
/// Asks for attempts, all that came up during the last send in one message, and journals what is granted. While there is
/// work in hand for a while, claims wait for each other: each message costs as much as several claims. A grant that comes after
/// its claim was given up is taken all the same, for nobody else can have the attempt.
/// </summary>
internal sealed partial class ClaimBatcher(IAgentBus bus, AttemptJournal journal, TimeProvider time, string worker, ILogger<ClaimBatcher> logger)
{
    private const int MaxItems = 256;
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(10);
    private readonly Repeats _failing = new(time);
    private readonly Repeats _journalFailing = new(time);
    private readonly Channel<Claim> _waiting = Channel.CreateUnbounded<Claim>();
    private readonly ConcurrentDictionary<long, Request> _requests = new();
    private readonly ConcurrentDictionary<(Guid Task, int Attempt), Claim> _asking = new();
    // An answer to the agent before this one must not be taken for one to this.
    private long _lastRequest = time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Whether the next attempt is not needed at once.</summary>
    public Func<bool> HasTime { get; init; } = () => false;

    /// <summary>Whether the agent has this attempt already.</summary>
    public Func<AttemptKey, bool> Holds { get; init; } = _ => false;

    /// <summary>Called with each attempt that was granted though nobody here waits for the answer any more; the journal has it.</summary>
    public Action<ClaimOutcome> Late { get; init; } = _ => { };

    /// <summary>Asks for one attempt. Once this says granted, the journal has it on the disk.</summary>
    public async Task<ClaimOutcome> AskAsync(TaskQueued task, CancellationToken ct)
    {
        var claim = new Claim(task);
        _asking[(task.TaskId, task.Attempt)] = claim;
        _waiting.Writer.TryWrite(claim);
        try
        {
            while (true)
            {
                try
                {
                    return await claim.Outcome.Task.WaitAsync(Patience, time, ct);
                }
                catch (TimeoutException) when (bus.IsHeldBack)
                {
                    // Question or answer waits in front of the broker, and given up now it would be granted to nobody.
                }
            }
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            // If its answer is being journalled right now, it must be taken.
            return claim.TrySettle() ? ClaimOutcome.Unanswered : await claim.Outcome.Task;
        }
        finally
        {
            _asking.TryRemove(KeyValuePair.Create((task.TaskId, task.Attempt), claim));
        }
    }

    public async Task RunAsync(CancellationToken ct)
    {
        while (await _waiting.Reader.WaitToReadAsync(ct))
        {
            for (var since = time.GetTimestamp(); HasTime() && _waiting.Reader.Count < MaxItems && time.GetElapsedTime(since) < Gather;)
                await Task.Delay(TimeSpan.FromMilliseconds(5), time, ct);
            var claims = new List<Claim>();
            while (claims.Count < MaxItems && _waiting.Reader.TryRead(out var claim))
                if (!claim.Settled) claims.Add(claim);
            if (claims.Count > 0) await SendAsync(claims, ct);
        }
    }

    public async Task AnsweredAsync(ClaimsAnswered answer)
    {
        if (!_requests.TryRemove(answer.Request, out var request)) return;
        var granted = new List<(Claim? Claim, JournalledAttempt Attempt)>();
        foreach (var (claim, item) in request.Claims.Zip(answer.Items))
        {
            if (item.TaskId != claim.Task.TaskId || item.Attempt != claim.Task.Attempt) continue;
            if (Attempt(item) is { } attempt) granted.Add((claim.TrySettle() ? claim : Again(item), attempt));
            else if (claim.TrySettle()) claim.Outcome.TrySetResult(ClaimOutcome.Refused);
        }

        await GrantedAsync(granted, request.Sent);
    }

    /// <summary>The coordinator says what it granted long ago and this agent has not named since.</summary>
    public Task ToldAsync(IReadOnlyList<ClaimAnswer> items) =>
        GrantedAsync([.. items.Select(i => (Again(i), Attempt(i)!)).Where(g => g.Item2 is not null)], sent: 0);

    private static JournalledAttempt? Attempt(ClaimAnswer item) => item is { Lease: { } lease, Spec: { } spec }
        ? new JournalledAttempt(new AttemptKey(item.TaskId, item.Attempt, lease), item.Number ?? 0, spec)
        : null;

    /// <summary>The claim that asks for the same once more, if there is one: its place is the attempt's.</summary>
    private Claim? Again(ClaimAnswer item) => _asking.TryGetValue((item.TaskId, item.Attempt), out var claim) && claim.TrySettle() ? claim : null;

    private async Task GrantedAsync(List<(Claim? Claim, JournalledAttempt Attempt)> granted, long sent)
    {
        granted.RemoveAll(g => g.Claim is null && Holds(g.Attempt.Key));
        if (granted.Count == 0) return;
        try
        {
            await journal.GrantedAsync([.. granted.Select(g => g.Attempt)]);
        }
        catch (IOException e)
        {
            if (_journalFailing.Says(e.Message)) JournalFailed(logger, e.Message);
            foreach (var (claim, attempt) in granted)
            {
                journal.Forgotten(attempt.Key);
                claim?.Outcome.TrySetResult(ClaimOutcome.Unanswered);
            }

            return;
        }

        foreach (var (claim, attempt) in granted)
        {
            var outcome = new ClaimOutcome(attempt, sent);
            if (claim is not null) claim.Outcome.TrySetResult(outcome);
            else Late(outcome);
        }
    }

    private async Task SendAsync(List<Claim> claims, CancellationToken ct)
    {
        foreach (var (old, stale) in _requests)
            if (time.GetElapsedTime(stale.Sent) > Memory && stale.Claims.All(c => c.Settled)) _requests.TryRemove(old, out _);
        var number = ++_lastRequest;
        _requests[number] = new Request(claims, time.GetTimestamp());
        try
        {
            await bus.SendAsync(Queues.Claims, new ClaimTasks { Worker = worker, Epoch = journal.Epoch, Request = number, Knows = Abilities.All, Items = [.. claims.Select(c => c.Task)] }, durable: false, ct);
        }
        catch (SendException e)
        {
            if (_failing.Says(e.Message)) SendFailed(logger, e.Message);
            // It may have arrived all the same; whoever asks again is told again.
            foreach (var claim in claims)
                if (claim.TrySettle()) claim.Outcome.TrySetResult(ClaimOutcome.Unanswered);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Claims could not be sent, the tasks go back to their queue: {Problem}")]
    private static partial void SendFailed(ILogger logger, string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "The journal can't be written, so no task can be taken: {Problem} Free space where --work-dir is.")]
    private static partial void JournalFailed(ILogger logger, string problem);

    private sealed record Request(List<Claim> Claims, long Sent);

    private sealed class Claim(TaskQueued task)
    {
        private int _settled;

        public TaskQueued Task { get; } = task;

        public TaskCompletionSource<ClaimOutcome> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Settled => Volatile.Read(ref _settled) != 0;

        /// <summary>True for the one who may decide the outcome.</summary>
        public bool TrySettle() => Interlocked.Exchange(ref _settled, 1) == 0;
    }
}

/// <summary>What became of a claim.</summary>
/// <param name="Granted">The attempt, if it is granted.</param>
/// <param name="Sent">The timestamp from which its lease counts; 0 when it is not valid until it is renewed.</param>
internal sealed record ClaimOutcome(JournalledAttempt? Granted, long Sent)
{
    /// <summary>Drop the message.</summary>
    public static readonly ClaimOutcome Refused = new(null, 0);

    /// <summary>Nobody knows: give the message back.</summary>
    public static readonly ClaimOutcome Unanswered = new(null, -1);
}
