using Microsoft.Extensions.DependencyInjection;
using Scitq.Coordinator;
using Scitq.Coordinator.Api.Access;
using Scitq.Hosting.Configuration;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Unit.Configuration;

/// <summary>Where the options of a service come from, and which of them wins.</summary>
[Trait("Level", "Unit")]
public sealed class ServiceProgramTests : IDisposable
{
    private const string Variable = "SCITQ_SPAN_OF_TEST";
    private readonly TestFolder _folder = new();
    private readonly ServiceProgram _program = new(
        "scitq-test", "Tests.", [.. ServiceOption.Of<SampleOptions>(), .. ServiceOption.OfSection<SampleSection>("Sample2")])
    {
        Defaults = [new("Sample:Count", "7")],
    };

    [Fact]
    public void The_command_line_wins_over_the_environment_and_that_over_the_file()
    {
        var file = Write(
            """
            { "span-of-test": 1, /* a comment */ "names": "a,b,c", "Sample2": { "Factor": 0.5 }, "Logging": { "LogLevel": { "Default": "Debug" } }, }
            """);
        Assert.Equal("7", _program.Read([])["Sample:Count"]);
        Assert.Equal("00:00:01", _program.Read(["--config", file])["Sample:SpanOfTest"]);
        try
        {
            Environment.SetEnvironmentVariable(Variable, "2");
            Assert.Equal("00:00:02", _program.Read(["--config", file])["Sample:SpanOfTest"]);
            Assert.Equal("00:00:03", _program.Read(["--config", file, "--span-of-test=3"])["Sample:SpanOfTest"]);
        }
        finally
        {
            Environment.SetEnvironmentVariable(Variable, null);
        }

        var read = _program.Read(["--config", file, "--names", "x", "--Logging:LogLevel:Default", "Trace", "--count", "8"]);
        Assert.Equal(("x", null), (read["Sample:Names:0"], read["Sample:Names:1"]));
        Assert.Equal(("0.5", "Trace", "8"), (read["Sample2:Factor"], read["Logging:LogLevel:Default"], read["Sample:Count"]));
    }

    [Theory]
    [InlineData("""{ "spam-of-test": 1 }""", "has the unknown key 'spam-of-test': did you mean 'span-of-test'?")]
    [InlineData("""{ "Sample2": { "Facto": 1 } }""", "has the unknown key 'Sample2:Facto': did you mean 'Sample2:Factor'?")]
    [InlineData("""{ "Sample2": { "Factor": "much" } }""", "'Sample2:Factor' in the configuration file")]
    [InlineData("""{ "count": "many" }""", "'many' is not a whole number.")]
    [InlineData("""{ "count": 1""", "can't be read")]
    [InlineData("[]", "can't be read")]
    public void A_file_is_read_to_the_letter(string json, string expected) =>
        Assert.Contains(expected, Assert.Throws<ArgumentException>(() => _program.Read(["--config", Write(json)])).Message, StringComparison.Ordinal);

    [Fact]
    public void A_file_that_was_asked_for_must_be_there() =>
        Assert.Contains("does not exist", Assert.Throws<ArgumentException>(() => _program.Read(["--config", _folder["none.json"]])).Message,
            StringComparison.Ordinal);

    [Fact]
    public void The_file_of_a_secret_wins_and_must_be_closed_to_others()
    {
        var secret = Write("hidden\n");
        Assert.Equal("hidden", _program.Read(["--secret", "shown", "--secret-file", secret])["Sample:Secret"]);
        File.SetUnixFileMode(secret, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.StartsWith("--secret-file: ", Assert.Throws<ArgumentException>(() => _program.Read(["--secret-file", secret])).Message,
            StringComparison.Ordinal);
        var config = Write("""{ "secret": "amqp://me:password@host" }""");
        File.SetUnixFileMode(config, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Throws<ArgumentException>(() => _program.Read(["--config", config]));
    }

    [Fact(Timeout = 60_000)]
    public async Task An_error_of_ours_is_not_taken_for_a_wrong_option() =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => _program.RunAsync([], _ => throw new ArgumentOutOfRangeException(nameof(Variable))));

    /// <summary>Else an option would have a second name, which no check knows.</summary>
    [Fact(Timeout = 60_000)]
    public async Task The_sources_of_the_framework_set_no_option()
    {
        const string framework = "Api__Port";
        try
        {
            Environment.SetEnvironmentVariable(framework, "1");
            await using var app = CoordinatorHost.Build(CoordinatorProgram.Service.Read(["--data", _folder["data"]]));
            Assert.Equal(5000, app.Services.GetRequiredService<ApiOptions>().Port);
        }
        finally
        {
            Environment.SetEnvironmentVariable(framework, null);
        }
    }

    public void Dispose() => _folder.Dispose();

    private string Write(string text)
    {
        var file = _folder[$"{Guid.NewGuid():N}"];
        File.WriteAllText(file, text);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return file;
    }

    private sealed class SampleOptions
    {
        [ServiceOption("count", "N", "a number")]
        public int Count { get; init; }

        [ServiceOption("span-of-test", "S", "a duration")]
        public TimeSpan SpanOfTest { get; init; }

        [ServiceOption("names", "NAME[,…]", "a list")]
        public IReadOnlyList<string>? Names { get; init; }

        [ServiceOption("secret", "TEXT", "a secret", FileHelp = "a file that holds it")]
        public string? Secret { get; init; }
    }

    private sealed class SampleSection
    {
        public double Factor { get; init; }
    }
}
