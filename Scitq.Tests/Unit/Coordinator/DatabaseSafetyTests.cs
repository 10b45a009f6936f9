using Scitq.Coordinator.Persistence;

namespace Scitq.Tests.Unit.Coordinator;

/// <summary>Which connection strings deserve a word.</summary>
[Trait("Level", "Unit")]
public sealed class DatabaseSafetyTests
{
    [Theory]
    [InlineData("Host=db.example.org;Password=hunter2", "is plain if the server offers no TLS")]
    [InlineData("Host=10.0.0.7;SSL Mode=Prefer", "is plain if the server offers no TLS")]
    [InlineData("Host=localhost,db2:5433", "at db2:5433 is plain")]
    [InlineData("Host=db.example.org;SSL Mode=Require", "is not checked")]
    public void A_way_that_may_be_plain_or_end_at_a_stranger_is_warned_of(string connection, string warning)
    {
        var said = DatabaseSafety.Warning(connection);
        Assert.Contains(warning, said, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Host=localhost")]
    [InlineData("Host=127.0.0.1:5433,[::1]")]
    [InlineData("Host=/var/run/postgresql")]
    [InlineData("Host=db.example.org;SSL Mode=VerifyFull")]
    [InlineData("Host=db.example.org;SSL Mode=Disable")]
    public void A_way_that_is_safe_or_plain_on_purpose_is_not(string connection) => Assert.Null(DatabaseSafety.Warning(connection));
}
