using Scitq.Contracts;
using Scitq.Coordinator.Bus;
using Scitq.Coordinator.Tasks;

namespace Scitq.Tests.Unit.Coordinator;

/// <summary>How many messages of a batch are on the bus in memory, whichever tasks they bring.</summary>
[Trait("Level", "Unit")]
public sealed class WindowTests : IDisposable
{
    private readonly ReconcileRequests _requests = new();
    private readonly Window _window;
    private readonly int _all;

    public WindowTests()
    {
        _window = new Window(_requests);
        _all = _window.Room("b");
    }

    public void Dispose() => _requests.Dispose();

    [Fact]
    public void Each_grant_costs_one_message_whether_or_not_the_task_or_the_one_that_was_named_has_one_there()
    {
        var (first, second, third) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        foreach (var id in (Guid[])[first, second, third]) Assert.True(Admit(id, TaskState.Pending, dispatch: true));
        Assert.Equal(_all - 3, _window.Room("b"));

        // By its own message, or by another's: its own is that one's then.
        Admit(second, TaskState.Accepted, inPlaceOf: first);
        Assert.Equal((_all - 2, true), (_window.Room("b"), _window.Contains(first)));
        // A task for which there was no room: the one that was named has lost its message.
        Admit(Guid.NewGuid(), TaskState.Accepted, inPlaceOf: third);
        Assert.Equal((_all - 1, false), (_window.Room("b"), _window.Contains(third)));
        // Named was one that has none either: any other has lost its own.
        Admit(Guid.NewGuid(), TaskState.Accepted, inPlaceOf: second);
        Assert.Equal((_all, false), (_window.Room("b"), _window.Contains(first)));
        // What has lost its message is looked for.
        Assert.Contains("b", _requests.Take().Batches);

        Admit(Guid.NewGuid(), TaskState.Accepted, inPlaceOf: second);
        Assert.Equal(_all, _window.Room("b"));
    }

    private bool Admit(Guid id, TaskState state, bool dispatch = false, Guid? inPlaceOf = null) => _window.Admit(
        new CommittedTask(new TaskSaga { CorrelationId = id, Batch = "b", State = state }, new TaskEffects { Dispatch = dispatch, InPlaceOf = inPlaceOf }));
}
