using System.Security.Authentication;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Scitq.Coordinator.Persistence;

/// <summary>
/// Which errors are the database's own, so that whatever met them waits, and which are the fault of what was asked. A failover, a restart, a full
/// disk, a pooler or an administrator can give many codes; each is named here.
/// </summary>
internal static class DatabaseFaults
{
    /// <summary>The condition of PostgreSQL by SQLSTATE, or by its class (the first two characters). What is not here is a fault of the statement or its data.</summary>
    private static readonly Dictionary<string, string> Postgres = new(StringComparer.Ordinal)
    {
        ["08"] = "the connection to the database broke",
        ["08P01"] = "the database, or a pooler before it, broke the protocol",
        ["0A000"] = "the database can't do what it could before: a standby, or a pooler before it",
        ["25006"] = "the database is read-only: a standby, or default_transaction_read_only",
        ["25P02"] = "a pooler handed out a connection with a failed transaction",
        ["25P03"] = "the database ended a transaction that was idle for too long",
        ["25P04"] = "the database ended a transaction that took too long",
        ["26000"] = "a pooler before the database lost a prepared statement",
        ["28"] = "the database refuses the coordinator's account",
        ["34000"] = "a pooler before the database lost a cursor",
        ["3D000"] = "the database is not there: another server after a failover?",
        ["3F000"] = "the database lacks its schema: another server after a failover?",
        ["40"] = "the database undid the transaction for the sake of another",
        ["42501"] = "the database refuses the coordinator's account the right to its tables",
        ["42P01"] = "the database lacks its tables: another server after a failover?",
        ["42P05"] = "a pooler before the database holds a prepared statement of somebody else",
        ["53"] = "the database lacks resources",
        ["53100"] = "the database's disk is full",
        ["53200"] = "the database is out of memory",
        ["53300"] = "the database takes no more connections",
        ["55000"] = "the database is not in a state to do this now",
        ["55006"] = "the database is in use by something that locks it",
        ["55P03"] = "the database did not get a lock in time",
        ["57"] = "an administrator of the database intervened",
        ["57014"] = "the database cancelled a statement: statement_timeout, or an administrator",
        ["57P01"] = "the database is being shut down",
        ["57P02"] = "the database has crashed and recovers",
        ["57P03"] = "the database is starting up, recovering or shutting down",
        ["57P04"] = "the database was dropped",
        ["57P05"] = "the database ended a connection that was idle",
        ["58"] = "the database server has trouble with its system",
        ["58030"] = "the database server can't read or write its disk",
        ["72000"] = "the database's snapshot is too old",
        ["F0"] = "the database's configuration or lock file is broken",
        ["XX"] = "the database server has an internal error",
        ["XX001"] = "the database's data is damaged",
        ["XX002"] = "an index of the database is damaged",
    };

    /// <summary>The same for SQLite, by primary result code.</summary>
    private static readonly Dictionary<int, string> Sqlite = new()
    {
        [3] = "the database file can't be used: its permissions",
        [5] = "the database file is locked by another process",
        [6] = "the database is locked",
        [7] = "there is no memory for the database",
        [8] = "the database file is read-only",
        [9] = "the database was interrupted",
        [10] = "the database file can't be read or written: the disk has errors, or is full",
        [11] = "the database file is damaged: restore it from a backup",
        [13] = "the disk of the database is full",
        [14] = "the database file can't be opened",
        [15] = "the database file is being recovered by another process",
        [22] = "the database file has become too large for its file system",
        [23] = "the database file can't be used: access is refused",
        [26] = "the database file is no database: restore it from a backup",
    };

    /// <summary>What is wrong with the database, in a few words; null when the exception does not say so of it, however it is wrapped.</summary>
    public static string? Of(Exception? exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
            if (OfThis(e) is { } fault) return fault;
        return null;
    }

    /// <summary>Whether it would be so for ever unless somebody changes the configuration: a program that starts says so at once.</summary>
    public static bool IsSetup(Exception? exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
            if (e is PostgresException { SqlState: ['2', '8', ..] or PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.InsufficientPrivilege } or SqliteException { SqliteErrorCode: 3 or 8 or 11 or 14 or 23 or 26 })
                return true;
        return false;
    }

    /// <summary>The same of this exception alone.</summary>
    public static string? OfThis(Exception exception) => exception switch
    {
        PostgresException e => OfState(e.SqlState),
        NpgsqlException { InnerException: TimeoutException } => "the database does not answer in time",
        NpgsqlException { InnerException: AuthenticationException } => "no secure connection to the database can be made",
        // The protocol of the connection itself: what was asked never came to be judged.
        NpgsqlException => "the database can't be reached",
        SqliteException e => Sqlite.GetValueOrDefault(e.SqliteErrorCode),
        _ => null,
    };

    /// <summary>The same of PostgreSQL's code.</summary>
    public static string? OfState(string state) => Postgres.GetValueOrDefault(state) ?? (state.Length == 5 ? Postgres.GetValueOrDefault(state[..2]) : null);
}
