using Microsoft.Extensions.Logging.Abstractions;
using Scitq.Agent.Bus;
using Scitq.Agent.Claims;
using Scitq.Agent.Journal;
using Scitq.Agent.Parts;
using Scitq.Agent.Slots;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Unit.Agent;

/// <summary>Grants that come when nobody waits for them any more: nobody else can have the attempt.</summary>
[Trait("Level", "Unit")]
public sealed class ClaimBatcherTests : IAsyncDisposable
{
    private readonly TestFolder _folder = new();
    private readonly Sent _bus = new();
    private readonly AttemptJournal _journal;
    private readonly ClaimBatcher _claims;
    private readonly ClaimAnswers _answers;
    private readonly Taker _taker = new();
    private readonly CancellationTokenSource _end = new();
    private readonly Task _running;
    private readonly TaskQueued _task = new() { TaskId = Guid.NewGuid(), Attempt = 2 };

    public ClaimBatcherTests()
    {
        _journal = AttemptJournal.Open(_folder.Path, Guid.NewGuid(), TimeProvider.System);
        _claims = NewClaims();
        _answers = Answers(_claims);
        _running = _claims.RunAsync(_end.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _running);
        _end.Dispose();
        await _journal.DisposeAsync();
        _folder.Dispose();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_grant_that_comes_after_its_claim_was_given_up_is_journalled_and_taken()
    {
        var request = await GiveUpAsync();
        var grant = Grant();
        await _answers.HandleAsync(new ClaimsAnswered { Request = request, Items = [grant] });
        Assert.Equal(grant.Lease, Assert.Single(_taker.Late).Attempt.Key.Lease);
        Assert.Equal(grant.Lease, Assert.Single(_journal.Attempts()).Key.Lease);

        // A refusal that comes late says nothing.
        request = await GiveUpAsync();
        await _answers.HandleAsync(new ClaimsAnswered { Request = request, Items = [grant with { Lease = null, Spec = null, Reason = "no" }] });
        Assert.Single(_taker.Late);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_late_grant_answers_the_claim_that_asks_for_the_same_again()
    {
        var request = await GiveUpAsync();
        var again = _claims.AskAsync(_task, "b", CancellationToken.None);
        await Eventually.Async(() => _bus.Claims.Count == 2, "it is asked for again");
        var grant = Grant();
        await _answers.HandleAsync(new ClaimsAnswered { Request = request, Items = [grant] });
        Assert.Equal(grant.Lease, Assert.IsType<ClaimOutcome.Granted>(await again).Attempt.Key.Lease);
        Assert.Empty(_taker.Late);

        // The answer to the second says the same once more.
        _taker.Held.Add(Assert.IsType<ClaimOutcome.Granted>(await again).Attempt.Key);
        await _answers.HandleAsync(new ClaimsAnswered { Request = _bus.Claims[1].Request, Items = [grant] });
        Assert.Empty(_taker.Late);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_grant_whose_answer_was_lost_is_taken_when_a_heartbeats_answer_tells_of_it()
    {
        await GiveUpAsync();
        var grant = Grant();
        await _answers.ToldAsync([grant, grant with { TaskId = Guid.NewGuid(), Spec = null }]);
        var outcome = Assert.Single(_taker.Late);
        // Not valid before a heartbeat that names it is answered.
        Assert.Equal(grant.Lease, outcome.Attempt.Key.Lease);
        Assert.Null(outcome.Sent);
        _taker.Held.Add(outcome.Attempt.Key);
        await _answers.ToldAsync([grant]);
        Assert.Single(_taker.Late);
    }

    [Fact(Timeout = 30_000)]
    public async Task The_answer_to_an_earlier_start_of_the_agent_is_nobodys()
    {
        var request = await GiveUpAsync();
        await Answers(NewClaims()).HandleAsync(new ClaimsAnswered { Request = request, Items = [Grant()] });
        Assert.Empty(_taker.Late);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_journal_that_fails_in_any_way_leaves_no_claim_waiting()
    {
        await _journal.DisposeAsync();
        var asking = _claims.AskAsync(_task, "b", CancellationToken.None);
        await Eventually.Async(() => _bus.Claims.Count == 1, "it is asked for");
        await Assert.ThrowsAsync<ObjectDisposedException>(
            () => _answers.HandleAsync(new ClaimsAnswered { Request = _bus.Claims[0].Request, Items = [Grant()] }));
        Assert.Equal(ClaimOutcome.Unanswered, await asking);
        Assert.Empty(_journal.Attempts());
    }

    private ClaimBatcher NewClaims() => new(
        _bus, new WorkerIdentity("w", _journal.Epoch), new Capacity(concurrency: 1, prefetch: 0, TimeProvider.System), TimeProvider.System,
        NullLogger<ClaimBatcher>.Instance);

    private ClaimAnswers Answers(ClaimBatcher claims) => new(
        claims, _journal, _taker, new ObservedTasks(NullLogger<ObservedTasks>.Instance), TimeProvider.System, NullLogger<ClaimAnswers>.Instance);

    private async Task<long> GiveUpAsync()
    {
        using var patience = new CancellationTokenSource();
        var before = _bus.Claims.Count;
        var asking = _claims.AskAsync(_task, "b", patience.Token);
        await Eventually.Async(() => _bus.Claims.Count > before, "it is asked for");
        await patience.CancelAsync();
        Assert.Equal(ClaimOutcome.Unanswered, await asking);
        return _bus.Claims[^1].Request;
    }

    private ClaimAnswer Grant() =>
        new() { TaskId = _task.TaskId, Attempt = _task.Attempt, Lease = Guid.NewGuid(), Number = 7, Spec = new TaskSpec { Argv = ["true"] } };

    private sealed class Taker : IGrantTaker
    {
        public List<ClaimOutcome.Granted> Late { get; } = [];

        public HashSet<AttemptKey> Held { get; } = [];

        public bool Holds(AttemptKey key) => Held.Contains(key);

        public bool HoldsAndTellsAgain(TaskQueued task) => false;

        public void Begin(ClaimOutcome.Granted grant) => throw new NotSupportedException("Whoever asks begins it.");

        public void BeginLate(ClaimOutcome.Granted grant) => Late.Add(grant);
    }

    private sealed class Sent : IAgentBus
    {
        public List<ClaimTasks> Claims { get; } = [];

        public bool Healthy => true;

        public Task StartAsync(IInbox inbox, CancellationToken ct) => Task.CompletedTask;

        public Task SendAsync<T>(string queue, T message, bool durable, CancellationToken ct)
            where T : class
        {
            if (message is ClaimTasks claims) Claims.Add(claims);
            return Task.CompletedTask;
        }

        public Task ConnectBatchAsync(string batch, int prefetch, CancellationToken ct) => Task.CompletedTask;

        public Task DisconnectBatchAsync(CancellationToken ct) => Task.CompletedTask;

        public Task RebuildAsync(CancellationToken ct) => Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
