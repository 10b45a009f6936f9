using Scitq.Access.CommandLine;
using Scitq.Tools;

// One executable, three commands: which one is told by the name it was called by.
using var io = ToolIo.OfProcess();
var name = CalledAs.Read();
Argv.Hide();
return await Commands.RunAsync(name, args, io);
