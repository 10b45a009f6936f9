using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Scitq.Coordinator.Batches;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Persistence;

/// <summary>The same for the embedded default: prepared statements in one transaction. SQLite has one writer, so no row ever conflicts.</summary>
internal sealed class SqliteTaskStore : ITaskStore
{
    private readonly IDbContextFactory<ScitqDb> _contexts;
    private readonly HotTable<TaskSaga> _tasks;
    private readonly HotTable<AttemptRow> _attempts;
    private readonly HotTable<TaskEventRow> _events;
    private readonly HotTable<RequirementRow> _requirements;
    private readonly HotTable<BatchRow> _batches;
    private readonly HotTable<NoticeRow> _notices;
    private readonly HotTable<BatchLookRow> _looks;

    public SqliteTaskStore(IDbContextFactory<ScitqDb> contexts)
    {
        _contexts = contexts;
        using var db = contexts.CreateDbContext();
        _tasks = new(db.Model);
        _attempts = new(db.Model);
        _events = new(db.Model);
        _requirements = new(db.Model);
        _batches = new(db.Model);
        _notices = new(db.Model);
        _looks = new(db.Model);
    }

    public async Task<LoadedTasks> LoadAsync(IReadOnlyCollection<Guid> ids, IReadOnlyCollection<string> batches, CancellationToken ct)
    {
        await using var db = await _contexts.CreateDbContextAsync(ct);
        var connection = await OpenAsync(db, ct);
        var found = await ReadAsync(connection, $"SELECT {_tasks.Names()} FROM task WHERE id = $1", ids, ct);
        return new LoadedTasks(found.ToDictionary(t => t.CorrelationId), await OrdersAsync(connection, batches, ct));
    }

    public async Task<PickedTasks> PickAsync(IReadOnlyCollection<Guid> messages, IReadOnlyDictionary<string, int> wanted, CancellationToken ct)
    {
        await using var db = await _contexts.CreateDbContextAsync(ct);
        var connection = await OpenAsync(db, ct);
        var spent = await ReadAsync(
            connection, $"SELECT {_tasks.Names()} FROM task WHERE token = $1 AND state IN ('accepted', 'running', 'suspended', 'uploading')", messages, ct);
        var next = new List<TaskSaga>();
        foreach (var (batch, count) in wanted)
        {
            var sql = $"SELECT {_tasks.Names()} FROM task INDEXED BY task_turn WHERE batch = $1 AND state = 'pending' AND due IS NULL "
                + string.Create(CultureInfo.InvariantCulture, $"ORDER BY priority DESC, number LIMIT {count}");
            next.AddRange(await ReadAsync(connection, sql, [batch], ct));
        }

        return new PickedTasks(spent, next);
    }

    public async Task SaveAsync(TaskChanges changes, CancellationToken ct)
    {
        await using var db = await _contexts.CreateDbContextAsync(ct);
        var connection = await OpenAsync(db, ct);
        await using var transaction = connection.BeginTransaction();
        var inserted = _tasks.Except("number");
        await using (var command = Command(connection, transaction, Insert(_tasks, inserted) + " RETURNING number", inserted))
        {
            foreach (var task in changes.Inserts)
            {
                Bind(command, inserted, task);
                task.Number = (long)(await command.ExecuteScalarAsync(ct))!;
            }
        }

        await UpdateAsync(connection, transaction, _tasks.Except("number", "batch", "name", "spec", "next_spec", "created"), changes.Updates, ct);
        await UpdateAsync(connection, transaction, _tasks.Except("number", "created"), changes.Respecified, ct);
        await ExecuteAsync(connection, transaction, Insert(_attempts, _attempts.Columns), _attempts.Columns, changes.Attempts, ct);
        await ExecuteAsync(connection, transaction, Insert(_events, _events.Except("id")), _events.Except("id"), changes.Events, ct);
        foreach (var id in changes.Unrequired) await ForgetRequirementsAsync(connection, transaction, id, ct);
        await ExecuteAsync(connection, transaction, Insert(_requirements, _requirements.Columns), _requirements.Columns, changes.Requirements, ct);
        // An update that changes nothing, because each statement is held to have changed one row.
        var upsert = Insert(_batches, _batches.Columns) + " ON CONFLICT (name) DO UPDATE SET ordered = ordered OR excluded.ordered";
        await ExecuteAsync(connection, transaction, upsert, _batches.Columns, changes.Batches, ct);
        await ExecuteAsync(connection, transaction, Insert(_notices, _notices.Except("id")), _notices.Except("id"), changes.Notices, ct);
        await ExecuteAsync(connection, transaction, Insert(_looks, _looks.Except("id")), _looks.Except("id"), changes.BatchLooks, ct);
        await transaction.CommitAsync(ct);
    }

    public Task<IReadOnlyList<(Guid TaskId, RecordedEnd End)>> LoadEndsAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct) =>
        RecordedEnds.LoadAsync(_contexts, ids, ct);

    public bool IsTransient(Exception exception) => DatabaseFaults.OfThis(exception) is not null;

    private static async Task<Dictionary<string, BatchOrder>> OrdersAsync(
        SqliteConnection connection, IReadOnlyCollection<string> batches, CancellationToken ct)
    {
        var found = new Dictionary<string, BatchOrder>();
        if (batches.Count == 0) return found;
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT priority, ordered FROM batch WHERE name = $1 AND (ordered OR priority <> 0)";
        var name = command.Parameters.Add("$1", SqliteType.Text);
        foreach (var batch in batches)
        {
            name.Value = batch;
            await using var reader = await command.ExecuteReaderAsync(ct);
            if (await reader.ReadAsync(ct)) found[batch] = new BatchOrder(reader.GetInt32(0), reader.GetBoolean(1));
        }

        return found;
    }

    /// <summary>All rows that the query has for each of the values.</summary>
    private async Task<List<TaskSaga>> ReadAsync<TValue>(SqliteConnection connection, string sql, IReadOnlyCollection<TValue> values, CancellationToken ct)
        where TValue : notnull
    {
        var found = new List<TaskSaga>(values.Count);
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // made of names of the model
        command.CommandText = sql;
#pragma warning restore CA2100
        var parameter = command.Parameters.Add("$1", SqliteType.Text);
        foreach (var value in values)
        {
            parameter.Value = value;
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct)) found.Add(_tasks.Read(reader, () => new TaskSaga()));
        }

        return found;
    }

    private static async Task<SqliteConnection> OpenAsync(ScitqDb db, CancellationToken ct)
    {
        await db.Database.OpenConnectionAsync(ct);
        return (SqliteConnection)db.Database.GetDbConnection();
    }

    private static Task UpdateAsync(
        SqliteConnection connection, SqliteTransaction transaction, IReadOnlyList<HotTable<TaskSaga>.Column> columns, List<TaskSaga> tasks,
        CancellationToken ct)
    {
        var set = string.Join(", ", columns.Where(c => c.Name != "id").Select(c => $"{c.Name} = ${c.Name}"));
        return ExecuteAsync(connection, transaction, $"UPDATE task SET {set} WHERE id = $id AND version = $version - 1", columns, tasks, ct);
    }

    private static async Task ForgetRequirementsAsync(SqliteConnection connection, SqliteTransaction transaction, Guid task, CancellationToken ct)
    {
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "DELETE FROM requirement WHERE task_id = $id";
        command.Parameters.AddWithValue("$id", task);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static string Insert<TRow>(HotTable<TRow> table, IReadOnlyList<HotTable<TRow>.Column> columns)
        where TRow : class =>
        $"INSERT INTO {table.Name} ({table.Names(columns)}) VALUES ({string.Join(", ", columns.Select(c => "$" + c.Name))})";

    private static SqliteCommand Command<TRow>(
        SqliteConnection connection, SqliteTransaction transaction, string sql, IReadOnlyList<HotTable<TRow>.Column> columns)
        where TRow : class
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        foreach (var column in columns) command.Parameters.Add(new SqliteParameter { ParameterName = "$" + column.Name });
        return command;
    }

    private static void Bind<TRow>(SqliteCommand command, IReadOnlyList<HotTable<TRow>.Column> columns, TRow row)
        where TRow : class
    {
        for (var i = 0; i < columns.Count; i++) command.Parameters[i].Value = columns[i].Value(row);
    }

    private static async Task ExecuteAsync<TRow>(
        SqliteConnection connection, SqliteTransaction transaction, string sql, IReadOnlyList<HotTable<TRow>.Column> columns,
        List<TRow> rows, CancellationToken ct)
        where TRow : class
    {
        if (rows.Count == 0) return;
        await using var command = Command(connection, transaction, sql, columns);
        foreach (var row in rows)
        {
            Bind(command, columns, row);
            if (await command.ExecuteNonQueryAsync(ct) != 1) throw new SaveConflictException(null);
        }
    }
}
