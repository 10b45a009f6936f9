using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;
using Scitq.Coordinator.Batches;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Persistence;

/// <summary>Sets of rows as arrays: one round trip and one transaction a group, whatever its size.</summary>
internal sealed class PostgresTaskStore : ITaskStore
{
    private const string Orders = "SELECT name, priority, ordered FROM batch WHERE name = ANY($1) AND (ordered OR priority <> 0)";
    private readonly NpgsqlDataSource _source;
    private readonly IDbContextFactory<ScitqDb> _contexts;
    private readonly HotTable<TaskSaga> _tasks;
    private readonly HotTable<AttemptRow> _attempts;
    private readonly HotTable<TaskEventRow> _events;
    private readonly HotTable<RequirementRow> _requirements;
    private readonly HotTable<BatchRow> _batches;
    private readonly HotTable<NoticeRow> _notices;
    private readonly HotTable<BatchLookRow> _looks;
    private readonly IReadOnlyList<HotTable<TaskSaga>.Column> _inserted;
    private readonly IReadOnlyList<HotTable<TaskSaga>.Column> _updated;
    private readonly IReadOnlyList<HotTable<TaskSaga>.Column> _respecified;
    private readonly string _load;
    private readonly string _spent;
    private readonly string _next;
    private readonly string _insert;
    private readonly string _update;
    private readonly string _respecify;

    public PostgresTaskStore(NpgsqlDataSource source, IDbContextFactory<ScitqDb> contexts)
    {
        (_source, _contexts) = (source, contexts);
        using var db = contexts.CreateDbContext();
        _tasks = new(db.Model);
        _attempts = new(db.Model);
        _events = new(db.Model);
        _requirements = new(db.Model);
        _batches = new(db.Model);
        _notices = new(db.Model);
        _looks = new(db.Model);
        _inserted = _tasks.Except("number");
        // What a task is seldom changes after its submission.
        _updated = _tasks.Except("number", "batch", "name", "spec", "next_spec", "created");
        _respecified = _tasks.Except("number", "created");
        _load = $"SELECT {_tasks.Names()} FROM task WHERE id = ANY($1)";
        _spent = $"SELECT {_tasks.Names()} FROM task WHERE token = ANY($1) AND state IN ('accepted', 'running', 'suspended', 'uploading')";
        _next = $"""
            SELECT {_tasks.Names()} FROM task WHERE batch = $1 AND state = 'pending' AND due IS NULL
            ORDER BY priority DESC, number LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
            """;
        _insert = $"INSERT INTO task ({_tasks.Names(_inserted)}) SELECT * FROM unnest({Parameters(_inserted)}) RETURNING id, number";
        (_update, _respecify) = (Update(_updated), Update(_respecified));
    }

    public async Task<LoadedTasks> LoadAsync(IReadOnlyCollection<Guid> ids, IReadOnlyCollection<string> batches, CancellationToken ct)
    {
        await using var commands = _source.CreateBatch();
        Add(commands, _load, [Ids(ids)]);
        if (batches.Count > 0) Add(commands, Orders, [new NpgsqlParameter<string[]> { TypedValue = [.. batches] }]);
        await using var reader = await commands.ExecuteReaderAsync(ct);
        var found = new Dictionary<Guid, TaskSaga>(ids.Count);
        foreach (var task in await ReadAsync(reader, ct)) found[task.CorrelationId] = task;
        var orders = new Dictionary<string, BatchOrder>();
        if (batches.Count == 0) return new LoadedTasks(found, orders);
        await reader.NextResultAsync(ct);
        while (await reader.ReadAsync(ct)) orders[reader.GetString(0)] = new BatchOrder(reader.GetInt32(1), reader.GetBoolean(2));
        return new LoadedTasks(found, orders);
    }

    public async Task<PickedTasks> PickAsync(IReadOnlyCollection<Guid> messages, IReadOnlyDictionary<string, int> wanted, CancellationToken ct)
    {
        var connection = await _source.OpenConnectionAsync(ct);
        try
        {
            var transaction = await connection.BeginTransactionAsync(ct);
            await using var commands = new NpgsqlBatch(connection, transaction);
            // The index has the order. With statistics that are old the planner may prefer to sort all that waits.
            Add(commands, "SET LOCAL enable_sort = off", []);
            Add(commands, _spent, [Ids(messages)]);
            foreach (var (batch, count) in wanted)
                Add(commands, _next, [new NpgsqlParameter<string> { TypedValue = batch }, new NpgsqlParameter<long> { TypedValue = count }]);
            await using var reader = await commands.ExecuteReaderAsync(ct);
            var spent = await ReadAsync(reader, ct);
            var next = new List<TaskSaga>();
            while (await reader.NextResultAsync(ct)) next.AddRange(await ReadAsync(reader, ct));
            return new PickedTasks(spent, next, transaction);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public async Task SaveAsync(TaskChanges changes, CancellationToken ct)
    {
        var transaction = (NpgsqlTransaction?)changes.Picked?.Transaction;
        await using var batch = transaction is null ? _source.CreateBatch() : new NpgsqlBatch(transaction.Connection, transaction);
        if (changes.Inserts.Count > 0) Add(batch, _insert, _inserted.Select(c => c.Array(changes.Inserts)));
        AddUpdates(batch, _update, _updated, changes.Updates);
        AddUpdates(batch, _respecify, _respecified, changes.Respecified);
        AddRows(batch, _attempts, _attempts.Columns, changes.Attempts);
        AddRows(batch, _events, _events.Except("id"), changes.Events);
        if (changes.Unrequired.Count > 0)
            Add(batch, "DELETE FROM requirement WHERE task_id = ANY($1)", [new NpgsqlParameter<Guid[]> { TypedValue = [.. changes.Unrequired] }]);
        AddRows(batch, _requirements, _requirements.Columns, changes.Requirements);
        AddRows(
            batch, _batches, _batches.Columns, changes.Batches,
            " ON CONFLICT (name) DO UPDATE SET ordered = true WHERE excluded.ordered AND NOT batch.ordered");
        AddRows(batch, _notices, _notices.Except("id"), changes.Notices);
        AddRows(batch, _looks, _looks.Except("id"), changes.BatchLooks);
        if (batch.BatchCommands.Count == 0) return;
        try
        {
            await using var reader = await batch.ExecuteReaderAsync(ct);
            if (changes.Inserts.Count > 0)
            {
                var numbers = new Dictionary<Guid, long>(changes.Inserts.Count);
                while (await reader.ReadAsync(ct)) numbers[reader.GetGuid(0)] = reader.GetInt64(1);
                foreach (var task in changes.Inserts) task.Number = numbers[task.CorrelationId];
            }

            // Errors of the commands that follow surface here.
            while (await reader.NextResultAsync(ct))
            {
            }

            await reader.DisposeAsync();
            if (transaction is not null) await transaction.CommitAsync(ct);
        }
        catch (PostgresException e) when (e.SqlState is
            PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected)
        {
            throw new SaveConflictException(e);
        }
    }

    public Task<IReadOnlyList<(Guid TaskId, RecordedEnd End)>> LoadEndsAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct) =>
        RecordedEnds.LoadAsync(_contexts, ids, ct);

    public bool IsTransient(Exception exception)
    {
        // After a failover the connections that are left lead to the old server, which may live on as a standby.
        if (exception is PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction }) _source.Clear();
        return exception is TimeoutException || DatabaseFaults.OfThis(exception) is not null;
    }

    private static NpgsqlParameter Ids(IReadOnlyCollection<Guid> ids) =>
        new NpgsqlParameter<Guid[]> { TypedValue = [.. ids], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid };

    private async Task<List<TaskSaga>> ReadAsync(NpgsqlDataReader reader, CancellationToken ct)
    {
        var rows = new List<TaskSaga>();
        while (await reader.ReadAsync(ct)) rows.Add(_tasks.Read(reader, () => new TaskSaga()));
        return rows;
    }

    private static string Parameters<TRow>(IReadOnlyList<HotTable<TRow>.Column> columns)
        where TRow : class => string.Join(", ", columns.Select((c, i) => $"${i + 1}::{c.SqlType}[]"));

    private static string Update(IReadOnlyList<HotTable<TaskSaga>.Column> columns) => $"""
        WITH changed AS (
            UPDATE task t SET {string.Join(", ", columns.Where(c => c.Name != "id").Select(c => $"{c.Name} = u.{c.Name}"))}
            FROM unnest({Parameters(columns)}) AS u({string.Join(", ", columns.Select(c => c.Name))})
            WHERE t.id = u.id AND t.version = u.version - 1 RETURNING 1)
        SELECT scitq_expect(count(*), ${columns.Count + 1}) FROM changed
        """;

    private static void AddUpdates(NpgsqlBatch batch, string sql, IReadOnlyList<HotTable<TaskSaga>.Column> columns, List<TaskSaga> tasks)
    {
        if (tasks.Count > 0) Add(batch, sql, [.. columns.Select(c => c.Array(tasks)), new NpgsqlParameter<long> { TypedValue = tasks.Count }]);
    }

    private static void AddRows<TRow>(
        NpgsqlBatch batch, HotTable<TRow> table, IReadOnlyList<HotTable<TRow>.Column> columns, List<TRow> rows, string conflicts = "")
        where TRow : class
    {
        if (rows.Count == 0) return;
        var sql = $"INSERT INTO {table.Name} ({table.Names(columns)}) SELECT * FROM unnest({Parameters(columns)}){conflicts}";
        Add(batch, sql, columns.Select(c => c.Array(rows)));
    }

    private static void Add(NpgsqlBatch batch, string sql, IEnumerable<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters) command.Parameters.Add(parameter);
        batch.BatchCommands.Add(command);
    }
}
