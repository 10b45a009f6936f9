using Scitq.Contracts;

namespace Scitq.Tests.Unit.Fetch;

[Trait("Level", "Unit")]
public sealed class DataUriFuzzTests
{
    /// <summary>Whatever is read is kept to the character, and what is made of it is read as the same again.</summary>
    [Fact(Timeout = 60_000)]
    public async Task What_is_read_comes_back()
    {
        await Task.Yield();
        var random = new Random(20261127);
        string[] heads = ["file:///", "s3://b/", "azure://c/", "ftp://u:p@h:21/", "http://h/", "https@aria2://h/", "run+fastq@sra@filter_r1://",
            "fasp://u@h:/"];
        string[] pieces = ["a", "/", "//", ".", "..", " ", "#", "?x=1", "%20", "%", "&", ":", "@", "é", "日", "\\", "\"", "'", "\n", "\u0001", "😀", "|gunzip",
            "|mv:s/t", "|", "://"];
        var read = 0;
        for (var i = 0; i < 50_000; i++)
        {
            var text = heads[random.Next(heads.Length)] + string.Concat(Enumerable.Range(0, random.Next(8)).Select(_ => pieces[random.Next(pieces.Length)]));
            if (random.Next(10) == 0) text = text.Remove(random.Next(text.Length), 1);
            if (!DataUri.TryParse(text, out var uri, out var problem))
            {
                Assert.NotEmpty(problem);
                continue;
            }

            read++;
            Assert.Equal((text, text), (uri.Text, uri.ToString()));
            var plain = uri.At(uri.Path);
            Assert.Equal((uri.Scheme, uri.Path, null), (plain.Scheme, plain.Path, plain.Action));
            Assert.Equal(uri.Options, plain.Options);
            // A bar in a path is no action, as long as nobody writes it down and reads it again.
            Assert.DoesNotContain('|', uri.Path);
            var again = DataUri.Parse(plain.Text);
            Assert.Equal((plain.Scheme, plain.Path, plain.Text), (again.Scheme, again.Path, again.Text));
            if (uri.Action is { } action) Assert.Equal($"{action}", $"{DataUri.Parse($"{plain.Text}|{action}").Action}");
            Assert.Equal(uri.Path + (uri.IsFolder ? "" : "/"), uri.AsFolder().Path);
        }

        Assert.True(read > 10_000);
    }
}
