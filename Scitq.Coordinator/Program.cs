using Scitq.Coordinator;
using Scitq.Hosting;

OwnProcess.Close();
return await CoordinatorProgram.Service.RunAsync(args, async configuration =>
{
    OwnProcess.ForgetSecrets();
    return await CoordinatorHost.RunAsync(CoordinatorHost.Build(configuration));
});
