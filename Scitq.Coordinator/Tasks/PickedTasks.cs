using System.Data.Common;

namespace Scitq.Coordinator.Tasks;

/// <summary>
/// Rows for the claims of one group. Where several coordinators share the database, the others don't see <paramref name="next"/> until the group is saved
/// or given up, and take those that follow.
/// </summary>
/// <param name="spent">The attempts under way that the messages in question have brought.</param>
/// <param name="next">Those whose turn it is, of each batch in their order.</param>
/// <param name="transaction">Holds them; null where nobody else is there.</param>
internal sealed class PickedTasks(IReadOnlyList<TaskSaga> spent, IReadOnlyList<TaskSaga> next, DbTransaction? transaction = null) : IAsyncDisposable
{
    private readonly DbConnection? _connection = transaction?.Connection;

    public IReadOnlyList<TaskSaga> Spent => spent;

    public IReadOnlyList<TaskSaga> Next => next;

    public DbTransaction? Transaction => transaction;

    public async ValueTask DisposeAsync()
    {
        if (transaction is not null) await transaction.DisposeAsync();
        if (_connection is not null) await _connection.DisposeAsync();
    }
}
