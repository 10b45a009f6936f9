using Scitq.Fetch;

namespace Scitq.Tests.Unit.Fetch;

[Trait("Level", "Unit")]
public sealed class RedactedTests
{
    [Theory]
    [InlineData("ftp://me:secret@host/x", "ftp://me:***@host/x")]
    [InlineData("http://me:se@cret@host/x", "http://me:***@host/x")]
    [InlineData("https://secret@host/x", "https://***@host/x")]
    [InlineData("https@aria2://secret@host/x", "https@aria2://***@host/x")]
    [InlineData("fasp://me@host:/x", "fasp://me@host:/x")]
    [InlineData("https://host/x?a=1&sig=secret&X-Goog-Signature=secret&api_key=secret|gunzip",
        "https://host/x?a=1&sig=***&X-Goog-Signature=***&api_key=***|gunzip")]
    [InlineData("s3://bucket/a@b:c@d", "s3://bucket/a@b:c@d")]
    [InlineData("x\u001b[2J", "x\\x1b[2J")]
    public void What_is_secret_is_masked_and_nothing_else(string text, string shown) => Assert.Equal(shown, Redacted.Of(text));
}
