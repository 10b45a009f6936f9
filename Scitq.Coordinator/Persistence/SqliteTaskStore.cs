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

    public SqliteTaskStore(IDbContextFactory<ScitqDb> contexts)
    {
        _contexts = contexts;
        using var db = contexts.CreateDbContext();
        _tasks = new(db.Model);
        _attempts = new(db.Model);
        _events = new(db.Model);
        _requirements = new(db.Model);
        _batches = new(db.Model);
    }

    public async Task<Dictionary<Guid, TaskSaga>> LoadAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct)
    {
        await using var db = await _contexts.CreateDbContextAsync(ct);
        var connection = await OpenAsync(db, ct);
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {_tasks.Names()} FROM task WHERE id = $id";
        var parameter = command.Parameters.Add("$id", SqliteType.Text);
        var found = new Dictionary<Guid, TaskSaga>(ids.Count);
        foreach (var id in ids)
        {
            parameter.Value = id;
            await using var reader = await command.ExecuteReaderAsync(ct);
            if (await reader.ReadAsync(ct)) found[id] = _tasks.Read(reader, () => new TaskSaga());
        }

        return found;
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
        var upsert = Insert(_batches, _batches.Columns) + " ON CONFLICT (name) DO UPDATE SET name = excluded.name";
        await ExecuteAsync(connection, transaction, upsert, _batches.Columns, changes.Batches, ct);
        await transaction.CommitAsync(ct);
    }

    public Task<IReadOnlyList<(Guid TaskId, RecordedEnd End)>> LoadEndsAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct) =>
        RecordedEnds.LoadAsync(_contexts, ids, ct);

    public bool IsTransient(Exception exception) => DatabaseFaults.OfThis(exception) is not null;

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
