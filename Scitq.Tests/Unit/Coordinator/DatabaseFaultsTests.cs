using System.Reflection;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Npgsql;
using Scitq.Coordinator.Persistence;

namespace Scitq.Tests.Unit.Coordinator;

[Trait("Level", "Unit")]
public sealed class DatabaseFaultsTests
{
    /// <summary>Classes whose codes say that what was asked is at fault: waiting would not help it.</summary>
    private static readonly string[] OwnFaults = ["00", "01", "02", "03", "09", "0B", "0F", "0L", "0P", "0Z", "20", "21", "22", "23", "24", "27", "2B", "2D",
        "2F", "38", "39", "3B", "44", "54", "HV", "P0"];

    /// <summary>Of mixed classes, those that are the server's condition.</summary>
    private static readonly string[] Conditions = ["0A000", "25006", "25P02", "25P03", "25P04", "26000", "34000", "3D000", "3F000", "42501", "42P01", "42P05",
        "55000", "55006", "55P03", "72000"];

    [Fact]
    public void Every_code_of_postgresql_is_either_a_condition_of_the_server_or_a_fault_of_what_was_asked()
    {
        var codes = typeof(PostgresErrorCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (string)f.GetValue(null)!)
            .Concat(["25P04", "57P05"]).Distinct().ToList();
        Assert.InRange(codes.Count, 200, 400);
        Assert.All(codes, code =>
        {
            var away = code[..2] is "08" or "28" or "40" or "53" or "57" or "58" or "F0" or "XX" || Conditions.Contains(code);
            Assert.Equal(away, DatabaseFaults.OfState(code) is not null);
            if (!away) Assert.True(OwnFaults.Contains(code[..2]) || code[..2] is "25" or "42" or "55", $"{code} is judged nowhere");
        });
        Assert.All(Conditions, code => Assert.NotNull(DatabaseFaults.OfState(code)));
    }

    [Theory]
    [InlineData("25006", "read-only"), InlineData("53100", "disk is full"), InlineData("53300", "no more connections"), InlineData("08P01", "pooler"),
        InlineData("26000", "pooler")]
    [InlineData("57P01", "shut down"), InlineData("57P03", "starting up"), InlineData("40001", "undid"), InlineData("55006", "in use"),
        InlineData("08006", "connection")]
    public void The_condition_is_named_however_deep_it_is_wrapped(string code, string words)
    {
        var exception = new DbUpdateException("no", new InvalidOperationException("no", new PostgresException("m", "FATAL", "FATAL", code)));
        Assert.Contains(words, DatabaseFaults.Of(exception), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(5), InlineData(6), InlineData(7), InlineData(8), InlineData(10), InlineData(11), InlineData(13), InlineData(14), InlineData(26)]
    public void The_conditions_of_sqlite_are_named_as_well(int code) => Assert.NotNull(DatabaseFaults.Of(new SqliteException("m", code)));

    [Theory]
    [InlineData(1), InlineData(18), InlineData(19), InlineData(20), InlineData(21), InlineData(25)]
    public void What_was_asked_of_sqlite_is_at_fault_itself(int code) => Assert.Null(DatabaseFaults.Of(new SqliteException("m", code)));

    [Fact]
    public void A_connection_that_breaks_is_a_condition_and_a_fault_of_ours_is_not()
    {
        Assert.NotNull(DatabaseFaults.Of(new NpgsqlException("m", new IOException("reset"))));
        Assert.NotNull(DatabaseFaults.Of(new NpgsqlException("Received unexpected backend message")));
        Assert.Null(DatabaseFaults.Of(new InvalidOperationException("m")));
        Assert.Null(DatabaseFaults.Of(null));
    }

    [Fact]
    public void An_outage_is_told_once_then_ever_more_rarely_and_at_its_end()
    {
        var (time, log) = (new ManualTime(), new Lines());
        var outage = new DatabaseOutage(new MemoryStore(), time, log);
        for (var i = 0; i < 36_000; i++)
        {
            // Many parts meet it at once, ten times a second for an hour.
            outage.Note(new PostgresException("cannot execute", "ERROR", "ERROR", "25006"));
            time.Advance(TimeSpan.FromSeconds(0.1));
        }

        Assert.InRange(log.Said.Count, 5, 8);
        Assert.Contains("read-only", outage.Problem, StringComparison.Ordinal);
        outage.End();
        outage.End();
        Assert.Null(outage.Problem);
        Assert.Equal("The database is back after 60 minutes; what waited is being recorded", log.Said[^1]);
    }

    [Fact]
    public void A_transaction_undone_for_another_is_no_outage()
    {
        var outage = new DatabaseOutage(new MemoryStore(), new ManualTime(), new Lines());
        Assert.NotNull(outage.Note(new PostgresException("m", "ERROR", "ERROR", "40001")));
        Assert.Null(outage.Problem);
    }

    private sealed class ManualTime : TimeProvider
    {
        private long _now = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Advance(TimeSpan by) => _now += by.Ticks;
    }

    private sealed class Lines : ILogger<DatabaseOutage>
    {
        public List<string> Said { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Said.Add(formatter(state, exception));
    }
}
