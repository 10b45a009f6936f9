using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Bus;
using Scitq.Agent.Parts;
using Scitq.Agent.Slots;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Claims;

/// <summary>
/// Asks for attempts, all that came up during the last send in one message. While there is work in hand for a while, claims wait
/// for each other: each message costs as much as several claims.
/// </summary>
internal sealed partial class ClaimBatcher(IAgentBus bus, WorkerIdentity self, Capacity capacity, TimeProvider time, ILogger<ClaimBatcher> logger) : IAgentPart
{
    private const int MaxItems = 256;
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(10);
    private readonly Repeats _failing = new(time);
    private readonly Channel<Claim> _waiting = Channel.CreateUnbounded<Claim>();
    private readonly ConcurrentDictionary<long, ClaimRequest> _requests = new();
    private readonly ConcurrentDictionary<(Guid Task, int Attempt), Claim> _asking = new();

    // An answer to the agent before this one must not be taken for one to this.
    private long _lastRequest = time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>
    /// Asks for one attempt of the batch: the one that the message names, or the one whose turn it is. Once this says granted, the journal has it on the disk.
    /// </summary>
    public async Task<ClaimOutcome> AskAsync(TaskQueued task, string? batch, CancellationToken ct)
    {
        var claim = new Claim(task, batch);
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
            for (var since = time.GetTimestamp(); capacity.HasWorkAhead && _waiting.Reader.Count < MaxItems && time.GetElapsedTime(since) < Gather;)
                await Task.Delay(TimeSpan.FromMilliseconds(5), time, ct);
            var claims = new List<Claim>();
            while (claims.Count < MaxItems && _waiting.Reader.TryRead(out var claim))
                if (!claim.Settled) claims.Add(claim);
            // All of one batch, but for a moment after the worker was given another.
            foreach (var of in claims.GroupBy(c => c.Batch)) await SendAsync(of.Key, [.. of], ct);
        }
    }

    /// <summary>The request that this answers; null when it is answered already, or is an earlier agent's.</summary>
    public ClaimRequest? Answered(long request) => _requests.TryRemove(request, out var answered) ? answered : null;

    /// <summary>Settles the claim that asks for this attempt right now, if there is one: its place is the attempt's.</summary>
    public Claim? SettleAsking(Guid task, int attempt) => _asking.TryGetValue((task, attempt), out var claim) && claim.TrySettle() ? claim : null;

    private async Task SendAsync(string? batch, List<Claim> claims, CancellationToken ct)
    {
        foreach (var (old, stale) in _requests)
            if (time.GetElapsedTime(stale.Sent) > Memory && stale.Claims.All(c => c.Settled)) _requests.TryRemove(old, out _);
        var number = ++_lastRequest;
        _requests[number] = new ClaimRequest(claims, time.GetTimestamp());
        TaskQueued[] items = [.. claims.Select(c => c.Task)];
        var message = new ClaimTasks
        {
            Worker = self.Name, Epoch = self.Epoch, Request = number, Knows = Abilities.All, Batch = batch, Items = items,
        };
        try
        {
            await bus.SendAsync(Queues.Claims, message, durable: false, ct);
        }
        catch (SendException e)
        {
            if (_failing.Says(e.Message)) Log.SendFailed(logger, e.Message);
            // It may have arrived all the same; whoever asks again is told again.
            foreach (var claim in claims)
                if (claim.TrySettle()) claim.Outcome.TrySetResult(ClaimOutcome.Unanswered);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "Claims could not be sent, the tasks go back to their queue: {Problem}")]
        public static partial void SendFailed(ILogger logger, string problem);
    }
}
